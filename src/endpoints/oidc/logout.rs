//! Logout that a client asks for (OpenID Connect RP-Initiated Logout 1.0).
//!
//! An ID token proves that its client speaks of its own session, and that one ends at once. For
//! anything less the person is asked, at `/logout`; the one exception is a trusted client that took
//! part in the session and asks from a page of its own.

use std::sync::Arc;

use entity::{ClientId, SessionId, UserId};
use poem::http::HeaderMap;
use poem::http::header::{HeaderName, ORIGIN, REFERER};
use poem::{Request, Response, handler};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::parameters::{Parameters, Posted};
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::accounts::Doer;
use crate::services::audit::Actor;
use crate::services::caller::Caller;
use crate::services::clients::{Client, SubjectType};
use crate::services::connectors::Farewell;
use crate::services::sessions::Live;
use crate::services::tokens::id_token;
use crate::web::cookie::Cookie;
use crate::web::visitor::{Visitor, see_other};

/// Where clients send people to be signed out, below the base path.
pub(super) const LOGOUT: &str = "/oauth2/logout";

/// `GET /oauth2/logout`
#[handler]
pub(crate) async fn end(request: &Request, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let asked = Asked::by(request, &app).await?;
    let here: Vec<SessionId> = visitor.live.iter().map(|live| live.session.id).collect();
    // Before anything ends: what it stands on goes with the session.
    let away = app.connectors.farewell(&here, asked.address().as_deref()).await?;
    asked.end_hinted(&app, visitor.live.as_ref(), &caller).await?;
    match visitor.live.as_ref().filter(|live| !asked.hints_at(live)) {
        None => asked.farewell(&visitor, away),
        Some(live) if asked.needs_no_question(&app, live, request.headers()).await? => {
            app.accounts.end_session(live.user.id, live.session.id, Doer::person(live.user.id, &caller)).await?;
            asked.farewell(&visitor, away)
        }
        Some(_) => asked.ask(&visitor),
    }
}

/// `HEAD /oauth2/logout`: would go where GET goes, and must end nothing (SEC-033).
#[handler]
pub(crate) async fn look(request: &Request, app: App, visitor: Visitor) -> Result<Response> {
    Asked::by(request, &app).await?.ask(&visitor)
}

/// `POST /oauth2/logout`
#[handler]
pub(crate) async fn end_by_form(asked: Posted, visitor: Visitor) -> Result<Response> {
    asked.as_get(&visitor, LOGOUT)
}

/// What a client asks for, as far as it is proven.
struct Asked {
    /// Who asks, where that is somebody we know.
    client: Option<Arc<Client>>,
    hint: Option<Hint>,
    /// Where the person should go afterwards; nobody has looked whether they may.
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// A genuine ID token of this issuer, however old. It speaks of its own session and of no other.
struct Hint {
    client: ClientId,
    /// Whose it is; none where only the session could tell, which has ended.
    user: Option<UserId>,
    session: SessionId,
}

impl Hint {
    /// Reads `token`; none for anything but a genuine one.
    async fn read(app: &App, token: &str) -> Result<Option<Self>> {
        let Some(claims) = app.keys.verify(token, id_token::TYP).await? else { return Ok(None) };
        let Some((client, sub, session)) = Self::said(&claims, app.config.web.issuer()) else { return Ok(None) };
        let user = Self::person(app, &client, sub, session).await?;
        Ok(Some(Self { client, user, session }))
    }

    fn said<'c>(claims: &'c Map<String, Value>, issuer: &str) -> Option<(ClientId, &'c str, SessionId)> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_ours = text("iss") == Some(issuer);
        is_ours.then_some((ClientId::new(text("aud")?), text("sub")?, text("sid")?.parse().ok()?))
    }

    /// Whom `client` calls `sub`. Where it has ids of its own, only the session tells who that is.
    async fn person(app: &App, client: &ClientId, sub: &str, session: SessionId) -> Result<Option<UserId>> {
        let Some(client) = app.clients.find(client).await? else { return Ok(sub.parse().ok()) };
        if client.subject_type == SubjectType::Public {
            return Ok(sub.parse().ok());
        }
        let Some(live) = app.sessions.look_up(session).await? else { return Ok(None) };
        let is_theirs = app.tokens.subject(&client, live.user.id).await? == sub;
        Ok(is_theirs.then_some(live.user.id))
    }
}

impl Asked {
    /// Checks the parameters of `request`. What cannot be proven is not used; `logout_hint` proves
    /// nothing anyway.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], for the person: a parameter is repeated, or `client_id` is not
    /// the client of the hint (section 2).
    async fn by(request: &Request, app: &App) -> Result<Self> {
        let asked = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())?;
        asked.check_repeats()?;
        let hint = match asked.one("id_token_hint")? {
            Some(token) => Hint::read(app, token).await?,
            None => None,
        };
        let named = asked.one("client_id")?.map(ClientId::new);
        let id = match (&hint, named) {
            (Some(hint), Some(named)) if hint.client != named => {
                let words = "The app that sent you here is not the one that you were signed in to (client_id).";
                return Err(Error::new(ErrorKind::InvalidRequest, words));
            }
            (Some(hint), _) => Some(hint.client.clone()),
            (None, named) => named,
        };
        let client = match id {
            Some(id) => app.clients.find(&id).await?,
            None => None,
        };
        let text = |name| asked.one(name).map(|value| value.map(str::to_owned));
        Ok(Self { client, hint, post_logout_redirect_uri: text("post_logout_redirect_uri")?, state: text("state")? })
    }

    /// Whether the hint is of the session of `live`.
    fn hints_at(&self, live: &Live) -> bool {
        self.hint.as_ref().is_some_and(|hint| hint.session == live.session.id && hint.user == Some(live.user.id))
    }

    /// Ends the session of the hint, unless somebody else is signed in here: then it proves nothing.
    async fn end_hinted(&self, app: &App, live: Option<&Live>, caller: &Caller) -> Result<()> {
        let Some((hint, user)) = self.hint.as_ref().and_then(|hint| Some((hint, hint.user?))) else { return Ok(()) };
        let actor = match live {
            Some(live) if live.user.id != user => return Ok(()),
            Some(live) => Actor::User(live.user.id),
            None => Actor::Client(hint.client.clone()),
        };
        let doer = Doer { actor: Some(actor), caller: Some(caller.clone()) };
        app.accounts.end_session(user, hint.session, doer).await.map(|_| ())
    }

    /// Whether the operator's own app signs the person out who is signed in to it, from a page of its
    /// own: most chat apps have no ID token at hand.
    async fn needs_no_question(&self, app: &App, live: &Live, headers: &HeaderMap) -> Result<bool> {
        let Some(client) = self.client.as_ref().filter(|client| client.trusted) else { return Ok(false) };
        if self.address().is_none() || !comes_from(client, headers) {
            return Ok(false);
        }
        Ok(app.grants.clients_of(live.session.id).await?.contains(&client.id))
    }

    /// Where the person goes afterwards, if client and address are proven. A `client_id` proves none that nobody
    /// here has declared: anybody can have one, with any address (RFC 9700 section 4.11.2). By a hint, a person
    /// has been there.
    fn address(&self) -> Option<String> {
        let client = self.client.as_ref().filter(|client| self.hint.is_some() || !client.is_unvouched())?;
        client.after_logout(self.post_logout_redirect_uri.as_deref()?, self.state.as_deref())
    }

    /// Nobody is signed in here any more: on to the provider that they came by, which is `away`, back to
    /// the client, or to a page that says so.
    fn farewell(&self, visitor: &Visitor, away: Option<Farewell>) -> Result<Response> {
        let mut response = match (away, self.address()) {
            (Some(away), _) => visitor.sign_out_at(&away)?,
            (None, Some(address)) => see_other(&address)?,
            (None, None) => visitor.lead_to("/logout")?,
        };
        if visitor.live.is_some() {
            visitor.put_cookie(&mut response, Cookie::Session, None)?;
        }
        Ok(response)
    }

    /// Has the person asked. What is proven goes along, and is looked at again there.
    fn ask(&self, visitor: &Visitor) -> Result<Response> {
        let Some(client) = &self.client else { return visitor.lead_to("/logout") };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", client.id.as_str());
        if let (Some(_), Some(address)) = (self.address(), &self.post_logout_redirect_uri) {
            query.append_pair("post_logout_redirect_uri", address);
            query.extend_pairs(self.state.as_ref().map(|state| ("state", state)));
        }
        visitor.lead_to(&format!("/logout?{}", query.finish()))
    }
}

/// Whether the browser says that a page of the client sent it: by `Origin`, else by `Referer`.
fn comes_from(client: &Client, headers: &HeaderMap) -> bool {
    let origin = match only(headers, &ORIGIN) {
        Some(origin) => Some(origin.to_owned()),
        None if headers.contains_key(ORIGIN) => None,
        None => {
            only(headers, &REFERER).and_then(|from| Url::parse(from).ok()).map(|url| url.origin().ascii_serialization())
        }
    };
    origin.is_some_and(|origin| client.owns_origin(&origin))
}

/// The value of a header that stands there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
