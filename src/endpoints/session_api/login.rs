//! `POST /api/auth/login`, and the answer that signing in and refreshing share.

use poem_openapi::types::Example;
use poem_openapi::{Object, payload::Json, payload::Response};
use secrecy::{ExposeSecret, SecretString};

use super::WithCookies;
use super::person::Person;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::sign_in::Credentials;
use crate::services::tokens::Refreshed;
use crate::web::Web;
use crate::web::cookie::Cookie;

/// E-mail and password.
#[derive(Object)]
#[oai(example)]
pub(super) struct LoginRequest {
    /// The e-mail address of the account.
    email: String,
    /// Its password.
    password: String,
}

impl Example for LoginRequest {
    fn example() -> Self {
        Self { email: "maren@example.com".into(), password: "gravel tulip ferry nine".into() }
    }
}

/// A session token and whose it is.
#[derive(Object)]
#[oai(example)]
pub(super) struct SignedIn {
    /// The session token, for `Authorization: Bearer`.
    token: String,
    /// The person.
    user: Person,
}

impl Example for SignedIn {
    fn example() -> Self {
        Self { token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl".into(), user: Person::example() }
    }
}

pub(super) async fn login(app: &App, web: &Web, caller: &Caller, form: LoginRequest) -> Result<WithCookies<SignedIn>> {
    let settings = &app.config.users;
    if !settings.email_login && !settings.email_login_override {
        return Err(ErrorKind::PasswordLoginOff.into());
    }
    let password: SecretString = form.password.into();
    let credentials = Credentials { email: &form.email, password: &password };
    let refreshed = app.sign_in.session_api(caller, &credentials).await?;
    answer(app, web, &refreshed)
}

/// A fresh session token, the person, and the cookies.
pub(super) fn answer(app: &App, web: &Web, refreshed: &Refreshed) -> Result<WithCookies<SignedIn>> {
    let Refreshed { live, refresh_token, expires_at } = refreshed;
    let token = app.tokens.session_token(&live.session, &live.user)?;
    let user = Person::of(&live.user, app.config.web.issuer());
    let body = SignedIn { token: token.text.expose_secret().to_owned(), user };
    let life = expires_at.since(app.clock.now());
    let refresh = web.cookies.line(Cookie::RefreshToken, refresh_token.expose_secret(), Some(life))?;
    let provider = web.cookies.line(Cookie::TokenProvider, "librechat", Some(life))?;
    Ok(Response::new(Json(body)).header("set-cookie", refresh).header("set-cookie", provider))
}
