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

/// The one type of assertion that is read (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What of a request could prove a client: its `Authorization` headers, and every value in its form
/// of the parameter that each field is called by.
#[derive(Clone, Copy, Default)]
pub struct Brought<'v> {
    /// The headers.
    pub authorization: &'v [&'v str],
    /// `client_id`
    pub ids: &'v [&'v str],
    /// `client_secret`
    pub secrets: &'v [&'v str],
    /// `client_assertion_type`
    pub assertion_types: &'v [&'v str],
    /// `client_assertion`
    pub assertions: &'v [&'v str],
}

/// A client's id and proof as shown, not yet believed.
pub struct Credentials {
    /// Who it says it is; empty where an assertion alone tells.
    pub id: String,
    /// The secret, or the assertion; empty when there was neither.
    pub secret: SecretString,
    /// How they came; [`AuthMethod::None`] for an id alone.
    pub method: AuthMethod,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, {})", self.id, self.method)
    }
}

/// The credentials of a request. A value that is empty counts as left out (RFC 6749 section 3.2).
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when a client shows itself twice, [`ErrorKind::InvalidClient`]
/// when it does not at all or what it shows cannot be read.
pub fn presented(brought: &Brought<'_>) -> Result<Credentials> {
    let (id, secret) = (single(brought.ids)?, single(brought.secrets)?);
    let assertion = match (single(brought.assertion_types)?, single(brought.assertions)?) {
        (None, None) => None,
        (kind, assertion) => Some((kind, assertion)),
    };
    match (brought.authorization, secret, assertion) {
        ([header], None, None) => {
            let shown = basic(header).ok_or(ErrorKind::InvalidClient)?;
            if id.is_some_and(|id| id != shown.id) { Err(doubled()) } else { Ok(shown) }
        }
        ([], Some(secret), None) => shown(id, secret, AuthMethod::ClientSecretPost),
        ([], None, Some(assertion)) => by_assertion(id, assertion),
        ([], None, None) => shown(id, "", AuthMethod::None),
        _ => Err(doubled()),
    }
}

fn shown(id: Option<&str>, secret: &str, method: AuthMethod) -> Result<Credentials> {
    let id = id.ok_or(ErrorKind::InvalidClient)?;
    Ok(credentials(id.to_owned(), secret, method))
}

/// The id may lack: the assertion names its client (RFC 7521 section 4.2).
fn by_assertion(id: Option<&str>, assertion: (Option<&str>, Option<&str>)) -> Result<Credentials> {
    match assertion {
        (Some(ASSERTION_TYPE), Some(assertion)) => {
            Ok(credentials(id.unwrap_or_default().to_owned(), assertion, AuthMethod::PrivateKeyJwt))
        }
        (Some(_), Some(_)) => Err(ErrorKind::InvalidClient.into()),
        _ => {
            let words = "The parameters client_assertion and client_assertion_type go together.";
            Err(Error::new(ErrorKind::InvalidRequest, words))
        }
    }
}

/// Reads an `Authorization` header of the scheme `Basic` (RFC 7617), whose two parts are
/// form-encoded (RFC 6749 section 2.3.1); none for any other scheme and for what cannot be read.
pub(super) fn basic(header: &str) -> Option<Credentials> {
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
