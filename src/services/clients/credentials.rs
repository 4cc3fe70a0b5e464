//! What a client shows to prove who it is, read from a request (RFC 6749 section 2.3.1).
//!
//! Pure functions over text: whoever has the request hands over its headers and form values.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::vocabulary::AuthMethod;
use crate::error::{Error, ErrorKind, Result};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A client's id and secret as shown, not yet believed.
pub struct Credentials {
    /// Who it says it is.
    pub id: String,
    /// The secret; empty when there was none.
    pub secret: SecretString,
    /// How they came; [`AuthMethod::None`] for an id alone.
    pub method: AuthMethod,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, {})", self.id, self.method)
    }
}

/// The credentials of a request: from all its `Authorization` headers and all values of
/// `client_id` and `client_secret` in its form. A value that is empty counts as left out
/// (RFC 6749 section 3.2).
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a client shows itself twice, [`ErrorKind::InvalidClient`]
/// when it does not at all or the header cannot be read.
pub fn presented(authorization: &[&str], client_ids: &[&str], client_secrets: &[&str]) -> Result<Credentials> {
    let id = single(client_ids)?;
    let secret = single(client_secrets)?;
    match (authorization, id, secret) {
        ([_, _, ..], ..) | ([_], _, Some(_)) => Err(doubled()),
        ([header], id, None) => {
            let shown = basic(header).ok_or(ErrorKind::InvalidClient)?;
            if id.is_some_and(|id| id != shown.id) { Err(doubled()) } else { Ok(shown) }
        }
        ([], Some(id), Some(secret)) => Ok(credentials(id.into(), secret, AuthMethod::ClientSecretPost)),
        ([], Some(id), None) => Ok(credentials(id.into(), "", AuthMethod::None)),
        ([], None, _) => Err(ErrorKind::InvalidClient.into()),
    }
}

/// Reads an `Authorization` header of the scheme `Basic` (RFC 7617), whose two parts are
/// form-encoded (RFC 6749 section 2.3.1); none for any other scheme and for what cannot be read.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, rest) = header.trim_matches(' ').split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = Zeroizing::new(BASE64.decode(rest.trim_start_matches(' ')).ok()?);
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    let (id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    Some(credentials(id.to_string(), &secret, AuthMethod::ClientSecretBasic))
}

/// Undoes `application/x-www-form-urlencoded`; none when an escape is broken or the result is no
/// UTF-8.
fn form_decoded(text: &str) -> Option<Zeroizing<String>> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(Zeroizing::new(text.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn credentials(id: String, secret: &str, method: AuthMethod) -> Credentials {
    Credentials { id, secret: secret.into(), method }
}

/// The one value that is not empty; a repeated parameter is refused (RFC 6749 section 3.2).
fn single<'v>(values: &[&'v str]) -> Result<Option<&'v str>> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(*value).filter(|value| !value.is_empty())),
        _ => Err(Error::new(ErrorKind::InvalidRequest, "A parameter of the client is repeated.")),
    }
}

fn doubled() -> Error {
    Error::new(ErrorKind::InvalidRequest, "The client shows itself in more than one way; one is enough.")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use url::form_urlencoded::byte_serialize;

    use super::*;

    fn header(plain: &str) -> String {
        format!("Basic {}", STANDARD.encode(plain))
    }

    fn refused(authorization: &[&str], ids: &[&str], secrets: &[&str]) -> ErrorKind {
        presented(authorization, ids, secrets).expect_err("refused").kind
    }

    #[test]
    fn a_client_shows_itself_in_the_header_or_in_the_form() {
        let shown = presented(&[&header("chat:s%3Aec%2Bret+x")], &[], &[]).expect("a header is enough");
        assert_eq!((shown.id.as_str(), shown.method), ("chat", AuthMethod::ClientSecretBasic));
        assert_eq!(shown.secret.expose_secret(), "s:ec+ret x");
        let shown = presented(&[], &["chat"], &["s:ec+ret x"]).expect("a form is enough");
        assert_eq!((shown.id.as_str(), shown.method), ("chat", AuthMethod::ClientSecretPost));
        let shown = presented(&[], &["chat"], &[""]).expect("a public client has only its id");
        assert_eq!(shown.method, AuthMethod::None);
        assert!(presented(&[&header("chat:secret")], &["chat"], &[]).is_ok(), "its id beside the header, as some send");
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
            let _ = presented(&headers, &ids, &secrets);
            headers.push(&encoded);
            if let Err(error) = presented(&headers, &ids, &secrets) {
                prop_assert!(matches!(error.kind, ErrorKind::InvalidRequest | ErrorKind::InvalidClient));
            }
        }
    }
}
