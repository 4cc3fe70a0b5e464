//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2).
//!
//! It alone decides what comes next: a code, a sign-in, consent, or a refusal. Each step of the
//! person leads back here, to the request that waits under a key of its own.

mod consent;
mod next;
mod refused;
pub(super) mod request;
mod respond;

pub use consent::{ConsentPage, Link};
pub(crate) use consent::{show as show_consent, submit as submit_consent};
pub use respond::FormPostPage;

use std::sync::Arc;
use std::time::Duration;

use entity::Timestamp;
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Request, Response, handler};
use serde::Serialize;
use url::form_urlencoded;

use super::parameters::{Parameters, Posted};
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::grants::{AuthorizationRequest, RequestKey, Waiting};
use crate::services::sessions::Live;
use crate::web::page::Page;
use crate::web::return_to::AUTHORIZE;
use crate::web::visitor::{Visitor, see_other};
use next::{Next, Waits};
use respond::Destination;

/// LibreChat gives its own side of a sign-in up after 15 minutes.
const STALE: Duration = Duration::from_secs(15 * 60);

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
    let checked = request::check(&app, asked, &caller).await?;
    let asked = match checked.request {
        Ok(asked) => asked,
        Err(error) if leads_anybody(&checked.client, &visitor) => {
            return checked.destination.refuse(&visitor, &error);
        }
        Err(error) => return Err(error),
    };
    let step = Step { app: &app, visitor: &visitor, caller: &caller, client: &checked.client, request: &asked };
    step.take(None).await
}

/// `POST /oauth2/authorize`
#[handler]
pub(crate) async fn begin_by_form(asked: Posted, visitor: Visitor) -> Result<Response> {
    asked.as_get(&visitor, AUTHORIZE)
}

/// `HEAD /oauth2/authorize` and below: would go where GET goes, and must give out no code, spend no
/// pushed request and keep none waiting (SEC-033).
#[handler]
pub(crate) fn look() {}

/// `GET /oauth2/authorize/KEY`: goes on with a request that waits.
#[handler]
pub(crate) async fn go_on(Path(key): Path<String>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let (key, Waiting { request, since, allowed_by }) = find(&app, &visitor, &key).await?;
    let (client, request) = asking(&app, request, &caller).await?;
    if let Some(address) = restart(&app, &client, since) {
        app.grants.give_up(&key).await?;
        return see_other(&address);
    }
    let step = Step { app: &app, visitor: &visitor, caller: &caller, client: &client, request: &request };
    step.take(Some((&key, Waits { since, allowed_by }))).await
}

/// The request that waits under `key` in this browser.
async fn find(app: &App, visitor: &Visitor, key: &str) -> Result<(Secret<RequestKey>, Waiting)> {
    let key = Secret::<RequestKey>::parse(key).ok_or_else(gone)?;
    let waiting = app.grants.waiting(&key, visitor.browser()).await?.ok_or_else(gone)?;
    Ok((key, waiting))
}

/// The client that made `request`, if an answer may still go where it wants it, and what it may still ask for:
/// a client changes while its request waits.
async fn asking(
    app: &App,
    request: AuthorizationRequest,
    caller: &Caller,
) -> Result<(Arc<Client>, AuthorizationRequest)> {
    let client = app.clients.meet(&request.client_id, caller).await?;
    let client = client.filter(|client| client.redirects_to(&request.redirect_uri)).ok_or_else(gone)?;
    let request = request.cut_for(&client).ok_or_else(gone)?;
    Ok((client, request))
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

/// Whether a refusal goes back to `client` before anybody has signed in. Not to an app that nobody here has
/// declared: a link to us would lead wherever somebody likes (RFC 9700 section 4.11.2).
fn leads_anybody(client: &Client, visitor: &Visitor) -> bool {
    visitor.live.is_some() || !client.is_unvouched()
}

/// One look at a request: who is there, and what comes next.
struct Step<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    caller: &'a Caller,
    client: &'a Client,
    request: &'a AuthorizationRequest,
}

impl Step<'_> {
    /// Takes the next step; `waiting` is the key of the request and what has become of it.
    async fn take(&self, waiting: Option<(&Secret<RequestKey>, Waits)>) -> Result<Response> {
        let live = self.visitor.live.as_ref();
        let consent = match live {
            Some(live) if !self.client.trusted => self.app.grants.consent(live.user.id, self.client).await?,
            _ => None,
        };
        let waits = waiting.map(|(_, waits)| waits);
        let who = match live {
            Some(live) => Some((live, self.app.tokens.subject(self.client, live.user.id).await?)),
            None => None,
        };
        let now = self.app.clock.now();
        let next = next::after(self.client, self.request, who.as_ref(), waits, consent.as_ref(), now);
        let destination = Destination::of(self.request, self.app.config.web.issuer());
        if let (true, Some(kind)) = (self.request.prompt.none, next::refusal(&next)) {
            return match leads_anybody(self.client, self.visitor) {
                true => destination.refuse(self.visitor, &kind.into()),
                false => Err(kind.into()),
            };
        }
        match (next, live) {
            (Next::Code, Some(live)) => {
                if waiting.is_none() {
                    self.app.grants.count_direct(live.user.id, self.caller)?;
                }
                self.app.clients.keep_copy(self.client, self.app.config.tokens.refresh_lifetime).await?;
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
        waiting: Option<(&Secret<RequestKey>, Waits)>,
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
