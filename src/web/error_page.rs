//! How a refusal looks to a person: what happened, what to do now, whom to ask.

use std::sync::Arc;

use entity::Timestamp;
use poem::IntoResponse;
use poem::web::Html;
use serde::Serialize;

use super::Web;
use super::banned_page::BannedPage;
use super::failure::PageRenderer;
use super::page::{Page, Pages, Visit};
use super::when::When;
use crate::error::{Error, ErrorKind};

/// The page for any refusal that has no page of its own.
#[derive(Debug, Serialize)]
pub struct ErrorPage {
    /// The wire code of the kind, for an operator's own template.
    pub code: &'static str,
    /// The heading.
    pub title: &'static str,
    /// When to come back; ends the heading.
    pub again: Option<When>,
    /// What happened and what to do, as one or two sentences.
    pub text: String,
    /// Whether waiting is all that helps.
    pub wait: bool,
    /// The name of the picture above the heading.
    pub icon: &'static str,
    /// Where to go on.
    pub action: Option<Action>,
}

/// A link that leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// The act.
    pub label: &'static str,
    /// The page, below the base path.
    pub path: &'static str,
}

const ACCOUNT: Option<Action> = Some(Action { label: "Go to your account", path: "/account" });
const SIGN_IN: Option<Action> = Some(Action { label: "Go to sign-in", path: "/login" });

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
}

impl ErrorPage {
    /// The page for `error`, read at `now`.
    #[must_use]
    pub fn new(error: &Error, now: Timestamp) -> Self {
        let again = error.retry_after.map(|after| When::new(now + after, now));
        let (title, words, action) = words(error.kind);
        // Words that were written for this very refusal say more than ours for its kind.
        let words = if words.is_empty() || error.detail != error.kind.default_detail() { &error.detail } else { words };
        let text = match &again {
            Some(again) if error.kind == ErrorKind::TooManyRequests => format!("That is {}. {words}", again.relative),
            _ => words.to_owned(),
        };
        let wait = matches!(error.kind, ErrorKind::TooManyRequests | ErrorKind::Banned | ErrorKind::Unavailable);
        let again = again.filter(|_| error.kind == ErrorKind::TooManyRequests);
        let title = if error.kind == ErrorKind::TooManyRequests && again.is_none() { "Too many tries" } else { title };
        let icon = match error.kind {
            _ if wait => "clock",
            ErrorKind::Disabled | ErrorKind::Forbidden | ErrorKind::RegistrationOff => "lock",
            _ => "alert",
        };
        Self { code: error.kind.code(), title, again, text, wait, icon, action }
    }
}

/// Heading, words (empty: the error's own) and where to go on.
const fn words(kind: ErrorKind) -> (&'static str, &'static str, Option<Action>) {
    use ErrorKind as Kind;
    match kind {
        Kind::NotFound => ("There is nothing here", "The address may be mistyped, or what was here is gone.", ACCOUNT),
        Kind::MethodNotAllowed => (
            "That does not work here",
            "This address is not meant to be opened like this. Start from your account.",
            ACCOUNT,
        ),
        Kind::Forged => (
            "Please do that once more",
            "Nothing has changed: the page had been open for too long, or in another window. If this comes back, \
             allow cookies for this site.",
            Some(Action { label: "Start again", path: "/account" }),
        ),
        Kind::Unauthenticated => ("Sign in to go on", "You are not signed in on this device.", SIGN_IN),
        Kind::WrongCredentials => ("You are not signed in", "", SIGN_IN),
        Kind::Forbidden => ("You may not do this", "Your account has no right to it.", ACCOUNT),
        Kind::Banned => ("This account is banned", "", None),
        Kind::Disabled => {
            ("This account is switched off", "Only the people who run this service can switch it on again.", None)
        }
        Kind::ProviderFailed
        | Kind::EmailMissing
        | Kind::AccountExists
        | Kind::NotMember
        | Kind::GroupsUnknown
        | Kind::OtherTenant
        | Kind::RoleMissing
        | Kind::NotProvenAnew => ("You are not signed in", "", SIGN_IN),
        Kind::RegistrationOff => ("Sign-up is closed", "Ask the people who run this service for an account.", SIGN_IN),
        Kind::PasswordLoginOff => ("No sign-in by password", "It is switched off here.", None),
        Kind::Unverified => ("Confirm your address first", "", None),
        Kind::TooManyRequests => {
            ("You can try again", "There were too many tries from your network. Your account stays as it is.", None)
        }
        Kind::Internal => ("Something went wrong", "On our side, not yours. Try it once more.", ACCOUNT),
        Kind::Unavailable => (
            "Back in a moment",
            "Too much is going on here right now. Nothing is lost: try it once more soon.",
            ACCOUNT,
        ),
        Kind::RequestTimeout => ("That took too long", "The connection may be slow. Try it once more.", ACCOUNT),
        Kind::PayloadTooLarge | Kind::UriTooLong | Kind::HeadersTooLarge => {
            ("That was too much at once", "What your browser sent is larger than anything asked for here.", ACCOUNT)
        }
        Kind::InvalidRequest
        | Kind::InvalidInput
        | Kind::InvalidClient
        | Kind::Conflict
        | Kind::UnsupportedMediaType => ("That did not work", "", ACCOUNT),
        // What clients hear: a person meets it only when an app is set up wrongly.
        _ => ("That did not work", "", None),
    }
}

/// What a person sees when even the error page cannot be drawn.
const LAST_RESORT: &str = "<!doctype html><html lang=\"en\"><title>Something went wrong</title>\
                           <h1>Something went wrong</h1><p>On our side, not yours. Try again in a moment.</p></html>";

/// The HTML for `error`, read at `now`; a ban has a page of its own. There is always an answer.
#[must_use]
pub fn failure(pages: &Pages, visit: &Visit, error: &Error, now: Timestamp) -> String {
    let html = match &error.ban {
        Some(ban) => pages.render(visit, &BannedPage::new(ban, now)),
        None => pages.render(visit, &ErrorPage::new(error, now)),
    };
    html.unwrap_or_else(|error| {
        tracing::error!(?error, "the error page cannot be drawn");
        LAST_RESORT.to_owned()
    })
}

/// What a group of pages hands to [`Failures::page`](super::failure::Failures::page).
#[must_use]
pub fn renderer(web: &Web) -> PageRenderer {
    let web = web.clone();
    Arc::new(move |error, id| {
        let visit = Visit { request_id: id.to_string(), ..Visit::default() };
        Html(failure(&web.pages, &visit, error, web.clock.now())).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_kind_has_a_heading_and_words() {
        for kind in ErrorKind::ALL {
            let page = ErrorPage::new(&(*kind).into(), Timestamp::default());
            assert!(!page.title.is_empty() && page.text.ends_with('.'), "{kind:?}: {}", page.text);
            assert!(!page.text.contains('!') && !page.title.contains('!'), "{kind:?}");
        }
    }

    #[test]
    fn too_many_tries_says_when_to_come_back() {
        let error = Error::from(ErrorKind::TooManyRequests).retry_after(Duration::from_secs(240));
        let page = ErrorPage::new(&error, Timestamp::from_seconds(1_773_321_600));
        assert_eq!(page.again.map(|it| it.at).as_deref(), Some("at 13:24 UTC"));
        assert!(page.text.starts_with("That is in 4 minutes."), "{}", page.text);
    }

    #[test]
    fn the_cause_of_a_fault_is_not_shown() {
        let page = ErrorPage::new(&Error::internal("row 7 of secrets"), Timestamp::default());
        assert!(!page.text.contains("row 7"));
    }
}
