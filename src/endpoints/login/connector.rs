//! Signing in at another provider: the way there, and the way back.
//!
//! Begun on our own pages, which say where the person was going, it ends there. Begun by a bare link it
//! is the chat's: it ends at the chat, with the cookies that the chat's front end refreshes by.

use entity::{SessionId, UserId};
use poem::http::header::SET_COOKIE;
use poem::{Request, Response, handler};
use secrecy::ExposeSecret;
use url::{Url, form_urlencoded};

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::connectors::{Anew, Arrival, Begun, Connector, Errand, Kept, Profile, Returned};
use crate::services::grants::RequestKey;
use crate::web::cookie::Cookie;
use crate::web::form::{origin, pairs};
use crate::web::refused;
use crate::web::return_to::ReturnTo;
use crate::web::visitor::{Visitor, see_other};

/// Longest return address that a sign-in carries along.
const LONGEST_RETURN: usize = 2000;

/// `HEAD /oauth/...`: would go where GET goes, and must begin and end nothing (SEC-033).
#[handler]
pub(crate) fn look() {}

/// `GET /oauth/{connector}` begins; `GET` at the callback path of a connector, which is
/// `/oauth/{connector}/callback` unless the settings say otherwise, ends.
#[handler]
pub(crate) async fn go(app: App, visitor: Visitor, caller: Caller, request: &Request) -> Result<Response> {
    // A parameter that stands there twice is read in two ways by two readers.
    let query = pairs::parse(request.uri().query().unwrap_or_default().as_bytes())?;
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let non_empty = |name: &str| value(name).filter(|value| !value.is_empty());
    let path = request.uri().path();
    if let Some(connector) = app.connectors.at(path) {
        let returned = returned(&non_empty);
        let state = value("state").unwrap_or_default();
        return Coming { app: &app, visitor: &visitor, caller: &caller, connector }.back(&state, &returned).await;
    }
    let id = path.strip_prefix("/oauth/").unwrap_or_default();
    let connector = app.connectors.named(id).ok_or(ErrorKind::NotFound)?;
    // A link may lead here from anywhere; a picture or a frame of another site's page may not.
    origin::refuse_embedded(request.headers())?;
    begin(&app, &visitor, &caller, connector, value("return_to").as_deref()).await
}

/// What an answer brings along, whose parameters are `value`.
pub(super) fn returned(value: &impl Fn(&str) -> Option<String>) -> Returned {
    Returned {
        code: value("code"),
        // Facebook has a form of its own for some.
        error: value("error").or_else(|| value("error_code")),
        issuer: value("iss"),
        user: value("user"),
    }
}

async fn begin(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    connector: &Connector,
    return_to: Option<&str>,
) -> Result<Response> {
    let (errand, anew) = match return_to {
        Some(return_to) => {
            let short = Some(return_to).filter(|text| text.len() <= LONGEST_RETURN);
            let going = ReturnTo::or(short, "/account", &visitor.web.settings);
            (Errand::Enter(going.as_str().to_owned()), anew(app, visitor, &going).await?)
        }
        None if !is_reached_by_chat(visitor) => return Err(apart()),
        None => (Errand::Chat, Anew::No),
    };
    let back = Coming { app, visitor, caller, connector };
    match app.connectors.begin(connector, errand.clone(), anew, visitor.browser(), caller).await {
        Ok(address) => {
            let mut response = see_other(&address)?;
            visitor.remember(&mut response)?;
            Ok(response)
        }
        Err(error) => back.refuse(&errand, error),
    }
}

/// Whether whoever comes in has to prove anew who they are: the app that they are on the way to asks for a
/// sign-in, or they are in already and were sent to do it once more (SEC-035, SEC-061).
async fn anew(app: &App, visitor: &Visitor, going: &ReturnTo) -> Result<Anew> {
    if let Some(key) = going.request_key(&visitor.web.settings).and_then(Secret::<RequestKey>::parse)
        && let Some(waiting) = app.grants.waiting(&key, visitor.browser()).await?
        && waiting.request.asks_for_sign_in(app.config.tokens.refresh_lifetime)
    {
        return Ok(Anew::Always);
    }
    Ok(if visitor.live.is_some() { Anew::Same } else { Anew::No })
}

/// Whether what we put into a browser is seen by the chat: cookies know hosts, and no ports.
fn is_reached_by_chat(visitor: &Visitor) -> bool {
    let settings = &visitor.web.settings;
    settings.domain_client.as_ref().is_none_or(|client| client.host_str() == settings.url.host_str())
}

fn apart() -> Error {
    let words = "The chat and this service are on different hosts, so the chat cannot take over a sign-in from here. \
                 Its operator can let people in by OpenID Connect instead.";
    Error::new(ErrorKind::Forbidden, words)
}

/// Somebody who comes back from a provider.
pub(super) struct Coming<'a> {
    pub(super) app: &'a App,
    pub(super) visitor: &'a Visitor,
    pub(super) caller: &'a Caller,
    pub(super) connector: &'a Connector,
}

impl Coming<'_> {
    pub(super) async fn back(&self, state: &str, returned: &Returned) -> Result<Response> {
        let begun = self.app.connectors.take(self.connector, state, self.visitor.browser()).await?;
        let Some(begun) = begun else {
            let words =
                "This sign-in was used already, took too long, or was begun in another browser. Begin it again.";
            return Err(Error::new(ErrorKind::InvalidRequest, words));
        };
        match self.finish(&begun, returned).await {
            Ok(response) => Ok(response),
            Err(error) => self.refuse(&begun.errand, error),
        }
    }

    async fn finish(&self, begun: &Begun, returned: &Returned) -> Result<Response> {
        let arrival = self.app.connectors.finish(self.connector, begun, returned).await?;
        match &begun.errand {
            Errand::Enter(return_to) => self.enter(&arrival, return_to).await,
            Errand::Chat => self.enter_chat(&arrival).await,
            Errand::Link { user, session } => self.link(arrival.profile, *user, *session).await,
        }
    }

    async fn enter(&self, arrival: &Arrival, return_to: &str) -> Result<Response> {
        let Self { app, visitor, caller, connector } = *self;
        let entered = app.sign_in.browser_through(caller, connector, arrival, visitor.live.as_ref()).await;
        let (session, cookie) = match entered {
            Err(error) if error.kind == ErrorKind::AccountExists => {
                return self.offer(arrival, return_to).await;
            }
            entered => entered?,
        };
        let mut response = see_other(return_to)?;
        let life = session.expires_at.since(visitor.now());
        visitor.put_cookie(&mut response, Cookie::Session, Some((cookie.expose(), life)))?;
        Ok(response)
    }

    /// Keeps the proven identity until whoever has the account has come in the old way, or whoever has none
    /// has said so.
    async fn offer(&self, arrival: &Arrival, return_to: &str) -> Result<Response> {
        let Self { app, visitor, .. } = *self;
        let address = arrival.profile.email.as_ref().map(|email| email.address.canonical());
        let user = match address {
            Some(address) => app.users.by_email(address).await?,
            None => None,
        };
        let kept = Kept::new(arrival.clone(), user.as_ref(), return_to.to_owned());
        let key = app.connectors.keep(&kept, visitor.browser()).await?;
        visitor.lead_to(&format!("/login/link/{}", key.expose()))
    }

    /// Lets the identity open the account of whoever asked for it, who has to be here still.
    async fn link(&self, profile: Profile, user: UserId, session: SessionId) -> Result<Response> {
        let Self { app, visitor, caller, .. } = *self;
        let live = visitor.live.as_ref().filter(|live| live.user.id == user && live.session.id == session);
        let live = live.ok_or(ErrorKind::Unauthenticated)?;
        app.accounts.link(live.user.clone(), profile, Doer::person(user, caller)).await?;
        visitor.lead_to("/account/connections?done=connected")
    }

    async fn enter_chat(&self, arrival: &Arrival) -> Result<Response> {
        let Self { app, visitor, caller, connector } = *self;
        let refreshed = match app.sign_in.session_api_through(caller, connector, arrival).await {
            // The chat has no page for it. From ours the person goes on as they would from there.
            Err(error) if error.kind == ErrorKind::AccountExists => {
                let begin = format!("{}/oauth/{}", visitor.web.settings.base_path(), connector.id);
                return self.offer(arrival, &begin).await;
            }
            refreshed => refreshed?,
        };
        let mut response = match &visitor.web.settings.domain_client {
            Some(client) => see_other(client.as_str())?,
            None => visitor.lead_to("/account")?,
        };
        let life = refreshed.expires_at.since(visitor.now());
        for (cookie, value) in
            [(Cookie::RefreshToken, refreshed.refresh_token.expose_secret()), (Cookie::TokenProvider, "librechat")]
        {
            response.headers_mut().append(SET_COOKIE, visitor.web.cookies.line(cookie, value, Some(life))?);
        }
        Ok(response)
    }

    /// Back to where one signs in, which says why in words. What a person has to know in full, such as
    /// how long a ban lasts, is a page of its own.
    fn refuse(&self, errand: &Errand, error: Error) -> Result<Response> {
        let Self { visitor, connector, .. } = *self;
        tracing::info!(connector = connector.id, ?error, "nobody came in");
        let settings = &visitor.web.settings;
        if let (Errand::Chat, Some(client)) = (errand, &settings.domain_client) {
            return see_other(&format!("{}/login?redirect=false&error=auth_failed", base(client)));
        }
        if refused::problems(error.kind.code(), &connector.name).is_none() {
            return Err(error);
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("failed", error.kind.code()).append_pair("by", &connector.id);
        if let Errand::Enter(return_to) = errand {
            query.append_pair("return_to", return_to);
            if visitor.live.is_some() {
                query.append_pair("again", "true");
            }
        }
        let page = if matches!(errand, Errand::Link { .. }) { "/account/connections" } else { "/login" };
        visitor.lead_to(&format!("{page}?{}", query.finish()))
    }
}

fn base(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}
