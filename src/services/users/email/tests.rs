use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    Email::parse(text).unwrap_or_else(|sentence| panic!("{text}: {sentence}")).canonical().to_owned()
}

#[test]
fn sec_108_one_account_per_canonical_form() {
    for (text, form) in [
        ("maren@example.com", "maren@example.com"),
        ("  Maren@Example.COM ", "maren@example.com"),
        ("MAREN.olsen+chat@sub.example.com", "maren.olsen+chat@sub.example.com"),
        ("maren@BÜCHER.example", "maren@xn--bcher-kva.example"),
        ("maren@bu\u{308}cher.example", "maren@xn--bcher-kva.example"),
        ("maren@XN--BCHER-KVA.example", "maren@xn--bcher-kva.example"),
        ("ZOË@example.com", "zoë@example.com"),
        ("zoe\u{308}@example.com", "zoë@example.com"),
        ("o'hara!x/y=z@a-b.example", "o'hara!x/y=z@a-b.example"),
        ("山田@例え.jp", "山田@xn--r8jz45g.jp"),
    ] {
        assert_eq!(canonical(text), form);
    }
    let email = Email::parse(" Maren@BÜCHER.example").unwrap();
    assert_eq!((email.as_written(), email.local_part()), ("Maren@BÜCHER.example", "Maren"));
    assert_eq!(email.domain(), "xn--bcher-kva.example");
}

#[test]
fn sec_108_what_could_be_read_in_two_ways_is_refused() {
    for text in [
        "",
        "maren",
        "maren@",
        "@example.com",
        "maren@@example.com",
        "maren@example.com@evil.example",
        "maren＠example.com",
        "a@example.com＠evil.example",
        "a@example.com,b@example.com",
        "a@example.com b@example.com",
        "a@example.com;b@example.com",
        "a@example.com\nBcc: b@example.com",
        "a@example.com\r\n",
        "a\0@example.com",
        "\"maren\"@example.com",
        "\"a@b\"@example.com",
        "maren(comment)@example.com",
        "maren@example.com(comment)",
        "<maren@example.com>",
        "Maren <maren@example.com>",
        "mailto:maren@example.com",
        "ma ren@example.com",
        "maren\u{a0}x@example.com",
        "maren\u{200b}@example.com",
        "maren\u{202e}@example.com",
        "maren\u{fe0f}@example.com",
        "maren\u{1160}@example.com",
        "ｍaren@example.com",
        "ma℀ren@example.com",
        ".maren@example.com",
        "maren.@example.com",
        "ma..ren@example.com",
        "maren@localhost",
        "maren@example.com.",
        "maren@.example.com",
        "maren@example..com",
        "maren@-example.com",
        "maren@example-.com",
        "maren@exam_ple.com",
        "maren@example。com",
        "maren@sub.example｡com",
        "maren@example\u{ad}.com@",
        "maren@[127.0.0.1]",
        "maren@127.0.0.1",
        "maren@xn--a.example",
        "maren@exa mple.com",
        "maren@evil.example/.example.com",
        "maren@evil.example\\.example.com",
        "maren@evil.example#example.com",
    ] {
        assert!(Email::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn sec_108_no_address_is_longer_than_254_bytes() {
    let domain = format!("{0}.{0}.{0}.example", "d".repeat(60));
    let fits = format!("{}@{domain}", "a".repeat(254 - 1 - domain.len()));
    assert!(fits.len() == 254 && Email::parse(&fits).is_ok());
    assert!(Email::parse(&format!("a{fits}")).is_err());
    assert!(Email::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
    assert!(Email::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    assert!(Email::parse(&format!("a@{}.example", "ü".repeat(100))).is_err());
    assert!(Email::parse(&"ü@".repeat(1_000_000)).is_err());
}

#[test]
fn sec_108_a_domain_holds_nothing_that_its_canonical_form_leaves_out() {
    for hidden in ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{fe0f}', '\u{34f}', '\u{180e}', '\u{2064}'] {
        let written = format!("ada@exam{hidden}ple.com");
        assert!(Email::parse(&written).is_err(), "{written:?}");
    }
    assert!(Email::parse("ada@bücher.example").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn reading_never_panics(text in ".{0,80}") {
        let _ = Email::parse(&text);
    }

    #[test]
    fn the_canonical_form_reads_back_as_itself(text in "[\\w.+'-]{1,12}@[\\w-]{1,8}\\.[\\w]{1,8}") {
        if let Ok(email) = Email::parse(&text) {
            let again = Email::parse(email.canonical());
            prop_assert_eq!(again.as_ref().map(Email::canonical), Ok(email.canonical()));
            prop_assert_eq!(again.as_ref().map(Email::domain), Ok(email.domain()));
            prop_assert!(email.domain().is_ascii() && email.canonical().matches('@').count() == 1);
            prop_assert_eq!(email.canonical().ends_with(&format!("@{}", email.domain())), true);
        }
    }
}
