//! `POST /api/auth/refresh`.

use poem::http::HeaderMap;
use poem_openapi::Object;

use super::WithCookies;
use super::login::{SignedIn, answer};
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::web::Web;
use crate::web::cookie::Cookie;
use crate::web::form::origin;

/// A refresh token for a caller that keeps no cookies.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct RefreshRequest {
    /// The newest refresh token; the cookie `refreshToken` serves as well.
    #[oai(default)]
    refresh_token: Option<String>,
}

pub(super) async fn refresh(
    app: &App,
    web: &Web,
    caller: &Caller,
    headers: &HeaderMap,
    body: Option<RefreshRequest>,
) -> Result<WithCookies<SignedIn>> {
    let given = body.and_then(|body| body.refresh_token);
    let token = match &given {
        Some(token) => token,
        None => {
            origin::refuse_cross_site(headers)?;
            web.cookies.read(headers, Cookie::RefreshToken).ok_or(ErrorKind::Unauthenticated)?
        }
    };
    let refreshed = app.tokens.refresh(token, caller).await?;
    answer(app, web, &refreshed)
}
