//! What comes next for a person whom a client wants let in.

use std::time::Duration;

use entity::Timestamp;

use crate::error::ErrorKind;
use crate::services::clients::Client;
use crate::services::grants::{AuthorizationRequest, Consent};
use crate::services::sessions::Live;
use crate::services::tokens::may_enter;

/// How much longer than asked a sign-in that was made for this request may be, at a consent page say.
const DAWDLING: Duration = Duration::from_secs(300);

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Code,
    SignIn,
    Consent,
    ConfirmAddress,
}

/// What comes after a look at `request` at the moment `now`. `who` is signed in, and called so by the
/// client; `since` is when the request began to wait.
pub(super) fn after(
    client: &Client,
    request: &AuthorizationRequest,
    who: Option<&(&Live, String)>,
    since: Option<Timestamp>,
    consent: Option<&Consent>,
    now: Timestamp,
) -> Next {
    let Some((live, sub)) = who else { return Next::SignIn };
    let prompt = request.prompt;
    let proven = live.session.authenticated_at();
    let for_this = since.is_some_and(|since| proven >= since);
    let is_too_old = request.max_age.is_some_and(|age| {
        let allowed = Duration::from_secs(age);
        now.since(proven) > if for_this { allowed.saturating_add(DAWDLING) } else { allowed }
    });
    let is_somebody_else = request.subject.as_ref().is_some_and(|subject| subject != sub)
        || request.claims.subjects().is_some_and(|subjects| !subjects.contains(&sub.as_str()));
    if ((prompt.login || prompt.select_account) && !for_this) || is_too_old || is_somebody_else {
        return Next::SignIn;
    }
    if !may_enter(client, live) {
        return Next::ConfirmAddress;
    }
    let is_given = consent.is_some_and(|consent| {
        let is_fresh = since.is_some_and(|since| consent.given_at >= since);
        consent.covers(request) && (is_fresh || !(prompt.consent || client.is_unvouched()))
    });
    if client.trusted || is_given { Next::Code } else { Next::Consent }
}

/// What a client hears that wants nothing shown (Core section 3.1.2.6).
pub(super) fn refusal(next: &Next) -> Option<ErrorKind> {
    match next {
        Next::Code => None,
        Next::SignIn => Some(ErrorKind::LoginRequired),
        Next::Consent => Some(ErrorKind::ConsentRequired),
        Next::ConfirmAddress => Some(ErrorKind::InteractionRequired),
    }
}
