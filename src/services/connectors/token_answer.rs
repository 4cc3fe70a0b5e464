//! What comes for a code (RFC 6749 section 5), and what some providers make of that.

use secrecy::SecretString;
use serde_json::Value;
use url::form_urlencoded;

use super::failure::{self, Refusal};
use crate::error::Result;
use crate::services::outgoing::Answer;

/// How much of what a provider says an operator is shown, in characters.
const LONGEST_WORDS: usize = 200;

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

/// What `answer` to a code that nobody was given says, and in which words. Facebook's say it alone.
pub(super) fn refusal(answer: &Answer) -> (Refusal, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| of_form(&answer.body));
    let short = |text: &str| text.chars().take(LONGEST_WORDS).collect::<String>();
    match body.get("error") {
        Some(Value::String(code)) => {
            let more = body.get("error_description").and_then(Value::as_str).unwrap_or_default();
            (Refusal::of(code), short(format!("{code} {more}").trim()))
        }
        Some(error) => {
            let words = error["message"].as_str().unwrap_or_default();
            let about = [
                // Its words speak of the code, too.
                ("redirect_uri", Refusal::Callback),
                ("verification code", Refusal::Code),
                ("client secret", Refusal::Client),
                ("validating application", Refusal::Client),
            ];
            let found = about.into_iter().find(|(sign, _)| words.contains(sign));
            (found.map_or(Refusal::Other, |(_, refusal)| refusal), short(words))
        }
        None => (Refusal::Other, format!("it answers with {}", answer.status)),
    }
}

/// What does not ask for JSON gets forms from some.
fn of_form(body: &[u8]) -> Value {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}
