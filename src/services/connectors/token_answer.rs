//! What comes for a code (RFC 6749 section 5), and what some providers make of that.

use secrecy::SecretString;
use serde_json::Value;
use url::form_urlencoded;

use super::failure;
use crate::error::Result;
use crate::services::outgoing::Answer;

/// What came for a code.
pub(super) struct Tokens {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    /// In seconds.
    pub(super) expires_in: Option<u64>,
    pub(super) id: Option<String>,
}

/// The tokens in `answer`. GitHub refuses with a 200, and Facebook's error is an object.
pub(super) fn read(answer: &Answer) -> Result<Tokens> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| of_form(&answer.body));
    match body.get("error") {
        _ if answer.status == 429 || answer.status >= 500 => return Err(failure::of_status(answer.status)),
        Some(Value::String(code)) => return Err(failure::of_token(code)),
        Some(error) => return Err(failure::of_token(&error["message"].to_string())),
        None if answer.status != 200 => return Err(failure::of_status(answer.status)),
        None => {}
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let access = text("access_token").ok_or_else(|| failure::upstream("its token answer holds no token"))?;
    Ok(Tokens {
        access: access.into(),
        refresh: text("refresh_token").map(SecretString::from),
        expires_in: body.get("expires_in").and_then(Value::as_u64),
        id: text("id_token").map(str::to_owned),
    })
}

/// What does not ask for JSON gets forms from some.
fn of_form(body: &[u8]) -> Value {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}
