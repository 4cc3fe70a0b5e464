//! Why a sign-in at a provider came to nothing, in the kinds of our own errors.

use crate::error::{Error, ErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The provider answered what no sign-in can be made of; the log says what.
pub(super) fn upstream(why: impl Into<Cause>) -> Error {
    Error::from(ErrorKind::ProviderFailed).because(why)
}

/// The provider does not answer now.
pub(super) fn unavailable(why: impl Into<Cause>) -> Error {
    Error::from(ErrorKind::Unavailable).because(why)
}

/// What a status that is no success means.
pub(super) fn of_status(status: u16) -> Error {
    let why = format!("it answers {status}");
    match status {
        408 | 429 | 500.. => unavailable(why),
        _ => upstream(why),
    }
}

/// What the error code of an authorization answer means (RFC 6749 section 4.1.2.1, and what the known
/// providers make of it).
pub(super) fn of_answer(code: &str) -> Error {
    match code {
        "access_denied"
        | "user_cancelled_authorize"
        | "user_trigger_new_signin_flow"
        | "consent_required"
        | "interaction_required" => ErrorKind::AccessDenied.into(),
        "temporarily_unavailable" => unavailable("it says so"),
        // Text of strangers: bounded, and only the log sees it.
        other => upstream(format!("it answers with the error {:?}", other.chars().take(80).collect::<String>())),
    }
}

/// What a token endpoint does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The code.
    Code,
    /// Who we say we are.
    Client,
    /// Where people come back.
    Callback,
    /// The person's address.
    Email,
    /// It says something else.
    Other,
}

impl Refusal {
    /// What the error `code` is about (RFC 6749 section 5.2, and GitHub's words).
    pub(super) fn of(code: &str) -> Self {
        match code {
            "invalid_grant" | "bad_verification_code" => Self::Code,
            "invalid_client" | "incorrect_client_credentials" | "unauthorized_client" => Self::Client,
            "redirect_uri_mismatch" => Self::Callback,
            "unverified_user_email" => Self::Email,
            _ => Self::Other,
        }
    }
}

/// What the error code of a token answer means.
pub(super) fn of_token(code: &str) -> Error {
    let hint = match Refusal::of(code) {
        Refusal::Code => "the code was not taken",
        Refusal::Client => "the client id or secret was not taken: compare them with those at the provider",
        Refusal::Callback => "the callback address is not registered at the provider",
        Refusal::Email => return ErrorKind::EmailMissing.into(),
        Refusal::Other => "the exchange of the code was refused",
    };
    upstream(format!("{hint} ({:?})", code.chars().take(80).collect::<String>()))
}
