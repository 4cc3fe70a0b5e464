//! What a client shows, read and refused.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use url::form_urlencoded::byte_serialize;

use super::AuthMethod;
use super::credentials::{ASSERTION_TYPE, Brought, Credentials, basic, presented};
use crate::error::{ErrorKind, Result};

fn header(plain: &str) -> String {
    format!("Basic {}", STANDARD.encode(plain))
}

fn by_secret(authorization: &[&str], ids: &[&str], secrets: &[&str]) -> Result<Credentials> {
    presented(&Brought { authorization, ids, secrets, ..Brought::default() })
}

fn refused(authorization: &[&str], ids: &[&str], secrets: &[&str]) -> ErrorKind {
    by_secret(authorization, ids, secrets).expect_err("refused").kind
}

#[test]
fn a_client_shows_itself_in_the_header_or_in_the_form() {
    let shown = by_secret(&[&header("chat:s%3Aec%2Bret+x")], &[], &[]).expect("a header is enough");
    assert_eq!((shown.id.as_str(), shown.method), ("chat", AuthMethod::ClientSecretBasic));
    assert_eq!(shown.secret.expose_secret(), "s:ec+ret x");
    let shown = by_secret(&[], &["chat"], &["s:ec+ret x"]).expect("a form is enough");
    assert_eq!((shown.id.as_str(), shown.method), ("chat", AuthMethod::ClientSecretPost));
    let shown = by_secret(&[], &["chat"], &[""]).expect("a public client has only its id");
    assert_eq!(shown.method, AuthMethod::None);
    assert!(by_secret(&[&header("chat:secret")], &["chat"], &[]).is_ok(), "its id beside the header, as some send");
}

#[test]
fn sec_066_doubled_authentication_is_a_malformed_request() {
    let basic = header("chat:secret");
    assert_eq!(refused(&[&basic], &["chat"], &["secret"]), ErrorKind::InvalidRequest);
    assert_eq!(refused(&[&basic, &basic], &[], &[]), ErrorKind::InvalidRequest);
    assert_eq!(refused(&["Bearer x"], &["chat"], &["secret"]), ErrorKind::InvalidRequest);
    assert_eq!(refused(&[&basic], &["other"], &[]), ErrorKind::InvalidRequest);
    assert_eq!(refused(&[], &["chat", "chat"], &["secret"]), ErrorKind::InvalidRequest);
    assert_eq!(refused(&[], &["chat"], &["secret", "secret"]), ErrorKind::InvalidRequest);
}

#[test]
fn sec_066_sec_068_an_assertion_stands_alone_and_says_its_type() {
    let brought = |ids, secrets, assertion_types, assertions| {
        presented(&Brought { authorization: &[], ids, secrets, assertion_types, assertions })
    };
    let kind = [ASSERTION_TYPE].as_slice();
    for ids in [["chat"].as_slice(), &[]] {
        let shown = brought(ids, &[], kind, &["a.b.c"]).expect("it is enough");
        assert_eq!((shown.id.as_str(), shown.method), (ids.concat().as_str(), AuthMethod::PrivateKeyJwt));
        assert!(!format!("{shown:?}").contains("a.b.c"));
    }
    let refused = |shown: Result<Credentials>| shown.expect_err("refused").kind;
    assert_eq!(refused(brought(&["chat"], &["secret"], kind, &["a.b.c"])), ErrorKind::InvalidRequest);
    assert_eq!(refused(brought(&["chat"], &[], kind, &["a.b.c", "d.e.f"])), ErrorKind::InvalidRequest);
    assert_eq!(refused(brought(&["chat"], &[], &[], &["a.b.c"])), ErrorKind::InvalidRequest);
    assert_eq!(refused(brought(&["chat"], &[], kind, &[])), ErrorKind::InvalidRequest);
    assert_eq!(refused(brought(&["chat"], &[], &["urn:other"], &["a.b.c"])), ErrorKind::InvalidClient);
    for header in [header("chat:secret").as_str(), "Bearer x"] {
        let doubled =
            Brought { authorization: &[header], assertion_types: kind, assertions: &["a.b.c"], ..Brought::default() };
        assert_eq!(refused(presented(&doubled)), ErrorKind::InvalidRequest);
    }
}

#[test]
fn sec_066_missing_or_broken_authentication_is_no_client() {
    assert_eq!(refused(&[], &[], &[]), ErrorKind::InvalidClient);
    assert_eq!(refused(&[], &[], &["secret"]), ErrorKind::InvalidClient);
    let not_text = format!("Basic {}", STANDARD.encode([0xff, b':', 0xff]));
    let unescaped = header("chat:%zz");
    for broken in
        ["", "Basic", "Basic ", "Basic !", "Bearer x", &not_text, &unescaped, &header("chat"), &header("a:%2")]
    {
        assert_eq!(refused(&[broken], &[], &[]), ErrorKind::InvalidClient, "{broken}");
    }
}

#[test]
fn sec_148_credentials_do_not_print_the_secret() {
    let shown = basic(&header("chat:hidden")).expect("a header");
    assert!(!format!("{shown:?}").contains("hidden"));
}

proptest! {
    #[test]
    fn what_a_client_encodes_is_read_back(id in "[^\\x00]{1,20}", secret in any::<String>(), padded in any::<bool>()) {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let plain = format!("{}:{}", encoded(&id), encoded(&secret));
        let text = if padded { STANDARD.encode(plain) } else { STANDARD_NO_PAD.encode(plain) };
        let shown = basic(&format!("bASIC  {text}")).expect("it was encoded by the book");
        prop_assert_eq!(shown.id, id);
        prop_assert_eq!(shown.secret.expose_secret(), &secret);
    }

    #[test]
    fn sec_066_no_text_upsets_the_reading(
        headers in proptest::collection::vec(any::<String>(), 0..3),
        plain in any::<Vec<u8>>(),
        ids in proptest::collection::vec(any::<String>(), 0..3),
        secrets in proptest::collection::vec(any::<String>(), 0..3),
    ) {
        let encoded = format!("Basic {}", STANDARD.encode(plain));
        let mut headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let _ = by_secret(&headers, &ids, &secrets);
        headers.push(&encoded);
        if let Err(error) = by_secret(&headers, &ids, &secrets) {
            prop_assert!(matches!(error.kind, ErrorKind::InvalidRequest | ErrorKind::InvalidClient));
        }
    }
}
