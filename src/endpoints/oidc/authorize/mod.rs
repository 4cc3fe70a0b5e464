//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2).
//!
//! It alone decides what comes next: a code, a sign-in, consent, or a refusal. Each step of the
//! person leads back here, to the request that waits under a key of its own.

mod consent;
pub(super) mod request;
mod respond;

pub use consent::ConsentPage;
pub(crate) use consent::{show as show_consent, submit as submit_consent};
pub use respond::FormPostPage;

use std::time::Duration;

use entity::Timestamp;
use poem::http::StatusCode;
use poem::web::Path;
use poem::{FromRequest, Request, RequestBody, Response, handler};
use serde::Serialize;
use url::form_urlencoded;

use super::parameters::Parameters;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::grants::{AuthorizationRequest, Consent, RequestKey};
use crate::services::sessions::Live;
use crate::services::tokens::may_enter;
use crate::web::page::Page;
use crate::web::return_to::AUTHORIZE;
use crate::web::visitor::{Visitor, see_other};
use crate::web::{body, limits};
use respond::Destination;

/// LibreChat gives its own side of a sign-in up after 15 minutes.
const STALE: Duration = Duration::from_secs(15 * 60);
/// How much longer than asked a sign-in that was made for this request may be, at a consent page say.
const DAWDLING: Duration = Duration::from_secs(300);

/// Says that an app is entered only with a confirmed address, and how to get one.
#[derive(Debug, Serialize)]
pub struct UnverifiedPage {
    /// The app.
    pub client: String,
    /// The address that nobody has confirmed.
    pub email: String,
}

impl Page for UnverifiedPage {
    const TEMPLATE: &'static str = "unverified.html";
}

impl UnverifiedPage {
    /// The answer to the person of `live`, whom `client` does not let in.
    pub(super) fn answer(visitor: &Visitor, client: &Client, live: &Live) -> Result<Response> {
        let page = Self { client: client.name().to_owned(), email: live.user.email.clone() };
        let mut response = visitor.show(&page)?;
        response.set_status(StatusCode::FORBIDDEN);
        Ok(response)
    }
}

/// `GET /oauth2/authorize`
#[handler]
pub(crate) async fn begin(request: &Request, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let asked = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())?;
    let checked = request::check(&app, asked).await?;
    let asked = match checked.request {
        Ok(asked) => asked,
        Err(error) => return checked.destination.refuse(&visitor, &error),
    };
    let step = Step { app: &app, visitor: &visitor, caller: &caller, client: &checked.client, request: &asked };
    step.take(None).await
}

/// `POST /oauth2/authorize`: answered by a GET of the same, because a form of another site comes
/// without our cookies.
#[handler]
pub(crate) async fn begin_by_form(asked: Posted, visitor: Visitor) -> Result<Response> {
    let asked = asked.0;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.as_slice());
    let query = query.finish();
    if query.len() > limits::URL - 1024 {
        return Err(Error::new(ErrorKind::PayloadTooLarge, "The request of the app is too long."));
    }
    visitor.lead_to(&format!("{AUTHORIZE}?{query}"))
}

/// The parameters of a form that another site may have sent.
pub(crate) struct Posted(Parameters);

impl<'a> FromRequest<'a> for Posted {
    async fn from_request(request: &'a Request, form: &mut RequestBody) -> poem::Result<Self> {
        if !body::is_of_type(request.headers(), "application/x-www-form-urlencoded") {
            return Err(Error::from(ErrorKind::UnsupportedMediaType).into());
        }
        Ok(Self(Parameters::parse(&body::read(request, form).await?)?))
    }
}

/// `GET /oauth2/authorize/KEY`: goes on with a request that waits.
#[handler]
pub(crate) async fn go_on(Path(key): Path<String>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let (key, waiting) = find(&app, &visitor, &key).await?;
    let client = app.clients.find(&waiting.request.client_id).await?.ok_or_else(gone)?;
    if let Some(address) = restart(&app, &client, waiting.since) {
        app.grants.give_up(&key).await?;
        return see_other(&address);
    }
    let step = Step { app: &app, visitor: &visitor, caller: &caller, client: &client, request: &waiting.request };
    step.take(Some((&key, waiting.since))).await
}

/// The request that waits under `key` in this browser.
async fn find(
    app: &App,
    visitor: &Visitor,
    key: &str,
) -> Result<(Secret<RequestKey>, crate::services::grants::Waiting)> {
    let key = Secret::<RequestKey>::parse(key).ok_or_else(gone)?;
    let waiting = app.grants.waiting(&key, visitor.browser()).await?.ok_or_else(gone)?;
    Ok((key, waiting))
}

fn gone() -> Error {
    let words = "This sign-in was finished already, was begun in another browser, or waited too long. Go back to the app and start again.";
    Error::new(ErrorKind::InvalidRequest, words)
}

/// Where a sign-in begins anew at the client, once its own side has given this one up. With `iss`
/// alone: LibreChat takes anything else for an answer.
fn restart(app: &App, client: &Client, since: Timestamp) -> Option<String> {
    let address = client.initiate_login_uri.as_ref().filter(|_| app.clock.now().since(since) > STALE)?;
    let iss: String = form_urlencoded::byte_serialize(app.config.web.issuer().as_bytes()).collect();
    let joint = if address.as_str().contains('?') { '&' } else { '?' };
    Some(format!("{address}{joint}iss={iss}"))
}

/// One look at a request: who is there, and what comes next.
struct Step<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    caller: &'a Caller,
    client: &'a Client,
    request: &'a AuthorizationRequest,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Code,
    SignIn,
    Consent,
    ConfirmAddress,
}

impl Step<'_> {
    /// Takes the next step; `waiting` is the key of the request and since when it waits.
    async fn take(&self, waiting: Option<(&Secret<RequestKey>, Timestamp)>) -> Result<Response> {
        let live = self.visitor.live.as_ref();
        let consent = match live {
            Some(live) if !self.client.trusted => self.app.grants.consent(live.user.id, self.client).await?,
            _ => None,
        };
        let since = waiting.map(|(_, since)| since);
        let next = next(self.client, self.request, live, since, consent.as_ref(), self.app.clock.now());
        let destination = Destination::of(self.request, self.app.config.web.issuer());
        if let (true, Some(kind)) = (self.request.prompt.none, refusal(&next)) {
            return destination.refuse(self.visitor, &kind.into());
        }
        match (next, live) {
            (Next::Code, Some(live)) => {
                let key = waiting.map(|(key, _)| key);
                let code = self.app.grants.issue_code(self.request, live, key, self.caller).await?;
                destination.code(self.visitor, code.ok_or_else(gone)?.expose())
            }
            (Next::ConfirmAddress, Some(live)) => UnverifiedPage::answer(self.visitor, self.client, live),
            (Next::Consent, _) => self.lead(waiting, |key| format!("/consent?request={key}")).await,
            (_, live) => {
                let again = if live.is_some() { "&again=true" } else { "" };
                let base = self.visitor.web.settings.base_path();
                self.lead(waiting, |key| {
                    let back: String =
                        form_urlencoded::byte_serialize(format!("{base}{AUTHORIZE}/{key}").as_bytes()).collect();
                    format!("/login?return_to={back}{again}")
                })
                .await
            }
        }
    }

    /// Leads the person to a page of ours; the request waits meanwhile.
    async fn lead(
        &self,
        waiting: Option<(&Secret<RequestKey>, Timestamp)>,
        to: impl FnOnce(&str) -> String,
    ) -> Result<Response> {
        if let Some((key, _)) = waiting {
            return self.visitor.lead_to(&to(key.expose()));
        }
        let key = self.app.grants.wait(self.request, self.visitor.browser(), self.caller).await?;
        let mut response = self.visitor.lead_to(&to(key.expose()))?;
        self.visitor.remember(&mut response)?;
        Ok(response)
    }
}

fn next(
    client: &Client,
    request: &AuthorizationRequest,
    live: Option<&Live>,
    since: Option<Timestamp>,
    consent: Option<&Consent>,
    now: Timestamp,
) -> Next {
    let Some(live) = live else { return Next::SignIn };
    let prompt = request.prompt;
    let proven = live.session.authenticated_at();
    let for_this = since.is_some_and(|since| proven >= since);
    let is_too_old = request.max_age.is_some_and(|age| {
        let allowed = Duration::from_secs(age);
        now.since(proven) > if for_this { allowed.saturating_add(DAWDLING) } else { allowed }
    });
    let is_somebody_else = request.subject.is_some_and(|subject| subject != live.user.id);
    if ((prompt.login || prompt.select_account) && !for_this) || is_too_old || is_somebody_else {
        return Next::SignIn;
    }
    if !may_enter(client, live) {
        return Next::ConfirmAddress;
    }
    let is_given = consent.is_some_and(|consent| {
        let is_fresh = since.is_some_and(|since| consent.given_at >= since);
        consent.covers(request) && (is_fresh || !prompt.consent)
    });
    if client.trusted || is_given { Next::Code } else { Next::Consent }
}

/// What a client hears that wants nothing shown (Core section 3.1.2.6).
fn refusal(next: &Next) -> Option<ErrorKind> {
    match next {
        Next::Code => None,
        Next::SignIn => Some(ErrorKind::LoginRequired),
        Next::Consent => Some(ErrorKind::ConsentRequired),
        Next::ConfirmAddress => Some(ErrorKind::InteractionRequired),
    }
}
