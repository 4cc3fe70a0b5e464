//! What comes next for a person whom a client wants let in.

use std::time::Duration;

use entity::{Timestamp, UserId};

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

/// What has become of a request that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// Since when it waits.
    pub(super) since: Timestamp,
    /// Who allowed this very request.
    pub(super) allowed_by: Option<UserId>,
}

/// What comes after a look at `request` at the moment `now`. `who` is signed in, and called so by the
/// client; `waits` says what came before, where it is not the first look.
pub(super) fn after(
    client: &Client,
    request: &AuthorizationRequest,
    who: Option<&(&Live, String)>,
    waits: Option<Waits>,
    consent: Option<&Consent>,
    now: Timestamp,
) -> Next {
    let Some((live, sub)) = who else { return Next::SignIn };
    let prompt = request.prompt;
    let proven = live.session.authenticated_at();
    let for_this = waits.is_some_and(|waits| proven >= waits.since);
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
        // Not by when consent was given: of several requests that wait, the person has seen one.
        let is_for_this = waits.is_some_and(|waits| waits.allowed_by == Some(live.user.id));
        consent.covers(request) && (is_for_this || !(prompt.consent || client.is_unvouched()))
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
