use poem_openapi::Object;
use proptest::prelude::*;

use super::*;

#[derive(Object, Debug)]
struct SignUp {
    #[oai(validator(max_length = 20))]
    email: String,
    password: String,
    age: Option<i32>,
}

fn refusal(text: &[u8]) -> String {
    format!("{:?}", parse::<SignUp>(text).expect_err("is refused"))
}

#[test]
fn sec_110_a_body_is_read_and_unknown_fields_do_nothing() {
    let text = r#"{"email":"a@b.example","password":"p\u0000\ud83d\ude00","role":"ADMIN","id":{"$ne":1}}"#;
    let body: SignUp = parse(text.as_bytes()).expect("is fine");
    assert_eq!((body.email.as_str(), body.password.as_str(), body.age), ("a@b.example", "p\0😀", None));
}

#[test]
fn sec_128_a_wrong_field_is_named() {
    let cases: [(&str, &str); 9] = [
        (r#"{"email":1,"password":"x"}"#, "email: This must be a text."),
        (r#"{"email":null,"password":{"$ne":""}}"#, "email: This field is needed.; password: This must be a text."),
        (r#"{"password":"x"}"#, "email: This field is needed."),
        (r#"{"email":"a","email":"b","password":"x"}"#, "email: This field is there twice."),
        (r#"{"email":"a\u0000","password":"x"}"#, "email: This holds a character that cannot be kept (NUL)."),
        (r#"{"email":"\ud800","password":"x"}"#, "email: This is not JSON that can be read."),
        (r#"{"email":"a","password":"x","age":1e999}"#, "age: This is not JSON that can be read."),
        (r#"{"email":"a","password":"x","age":1.5}"#, "age: This must be a whole number."),
        (r#"{"email":"123456789012345678901","password":"x"}"#, "email: At most 20 characters fit here."),
    ];
    for (text, expected) in cases {
        let refusal = refusal(text.as_bytes());
        assert!(refusal.starts_with("invalid_input") && refusal.ends_with(expected), "{text}: {refusal}");
    }
}

#[test]
fn sec_128_what_is_not_one_json_object_is_refused() {
    let bom = b"\xef\xbb\xbf{}".as_slice();
    for text in
        [b"".as_slice(), b"{", b"[]", b"null", b"\"a\"", b"{} {}", b"{}x", b"{\"a\":1,}", b"\xff", bom, b"{'a':1}"]
    {
        assert!(refusal(text).starts_with("invalid_request"), "{text:?}");
    }
}

#[test]
fn sec_127_deep_json_is_refused_cheaply() {
    let nested = |levels: usize| {
        format!(r#"{{"email":"a","password":"x","more":{}{}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert!(parse::<SignUp>(nested(31).as_bytes()).is_ok());
    assert!(refusal(nested(32).as_bytes()).contains("nested too deeply"));
    assert!(refusal(&[b'['; 60_000]).contains("nested too deeply"));
}

#[test]
fn sec_014_a_refusal_never_quotes_what_was_sent() {
    for text in [r#"{"email":"a","password":["hunter2"]}"#, r#"{"email":"hunter2-and-then-some-more","password":"x"}"#]
    {
        assert!(!refusal(text.as_bytes()).contains("hunter2"));
    }
}

proptest! {
    #[test]
    fn sec_128_no_text_ends_in_a_panic_or_a_fault_of_ours(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = parse::<SignUp>(&bytes) {
            prop_assert_eq!(error.kind.status(), 400);
        }
    }

    #[test]
    fn sec_128_neither_does_anything_like_json(text in r#"[\[\]{}:,"\\ueEd0-9.+-]{0,60}"#) {
        let whole = format!(r#"{{"email":{text},"password":"x"}}"#);
        for text in [text.as_str(), whole.as_str()] {
            if let Err(error) = parse::<SignUp>(text.as_bytes()) {
                prop_assert_eq!(error.kind.status(), 400);
            }
        }
    }
}
