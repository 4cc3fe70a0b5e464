//! `POST /api/auth/logout`.

use poem::http::HeaderMap;
use poem_openapi::payload::{Json, Response};
use poem_openapi::{Object, types::Example};
use secrecy::{ExposeSecret, SecretString};

use super::WithCookies;
use crate::app::App;
use crate::error::Result;
use crate::secret::Secret;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::connectors::Farewell;
use crate::services::sessions::Live;
use crate::web::Web;
use crate::web::cookie::Cookie;
use crate::web::form::origin;

/// What follows a sign-out.
#[derive(Object)]
#[oai(example, skip_serializing_if_is_none)]
pub(super) struct LogoutAnswer {
    /// What happened, to be shown as it is.
    message: String,
    /// Where the browser should go to sign out upstream too.
    redirect: Option<String>,
}

impl Example for LogoutAnswer {
    fn example() -> Self {
        Self { message: "You are signed out.".into(), redirect: None }
    }
}

pub(super) async fn logout(
    app: &App,
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    bearer: Option<SecretString>,
) -> Result<WithCookies<LogoutAnswer>> {
    origin::refuse_cross_site(headers)?;
    let sessions = sessions_of(app, web, headers, bearer).await?;
    let ids: Vec<_> = sessions.iter().map(|live| live.session.id).collect();
    let chat = web.settings.domain_client.as_ref();
    let onward = chat.map(|chat| format!("{}/login?redirect=false", chat.as_str().trim_end_matches('/')));
    let (redirect, keeps) = match app.connectors.farewell(&ids, onward.as_deref()).await? {
        Some(Farewell { address, keeps }) => (Some(address), keeps),
        None => (None, None),
    };
    for live in sessions {
        let doer = Doer::person(live.user.id, caller);
        app.accounts.end_session(live.user.id, live.session.id, doer).await?;
    }
    let mut answer = Response::new(Json(LogoutAnswer { redirect, ..LogoutAnswer::example() }));
    for cookie in [Cookie::RefreshToken, Cookie::TokenProvider, Cookie::Session] {
        if cookie != Cookie::Session || web.cookies.read(headers, cookie).is_some() {
            answer = answer.header("set-cookie", web.cookies.expired(cookie)?);
        }
    }
    if let Some(keeps) = keeps {
        answer = answer.header("set-cookie", web.cookies.line(Cookie::WayOn, &keeps, Some(Farewell::LASTS))?);
    }
    for line in web.cookies.expired_openid(headers) {
        answer = answer.header("set-cookie", line);
    }
    Ok(answer)
}

/// Every session that the request holds a credential of: it "really ends all of it".
async fn sessions_of(app: &App, web: &Web, headers: &HeaderMap, bearer: Option<SecretString>) -> Result<Vec<Live>> {
    let mut sessions = Vec::new();
    if let Some(bearer) = bearer {
        sessions.extend(app.tokens.session_of_expired(bearer.expose_secret()).await?);
    }
    if let Some(token) = web.cookies.read(headers, Cookie::RefreshToken) {
        sessions.extend(app.tokens.session_of_refresh_token(token).await?);
    }
    if let Some(cookie) = web.cookies.read(headers, Cookie::Session).and_then(Secret::parse) {
        sessions.extend(app.sessions.current(&cookie).await?);
    }
    Ok(sessions)
}
