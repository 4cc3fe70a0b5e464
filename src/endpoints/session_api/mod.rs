//! The session API: what the chat's own front end speaks, by the paths, bodies and words of
//! LibreChat's client.

mod bearer;
mod config;
mod login;
mod logout;
mod person;
mod refresh;
mod register;
mod user;

use poem_openapi::{Object, OpenApi, payload::Json};

use crate::app::App;
use crate::error::{Error, Result};
use crate::services::caller::Caller;
use crate::web::Web;
use crate::web::json::{NoBody, OptionalJson, StrictJson};

use bearer::{Bearer, MaybeBearer};
use config::ChatConfig;
use login::{LoginRequest, SignedIn};
use logout::LogoutAnswer;
use person::Person;
use refresh::RefreshRequest;
use register::RegisterRequest;

/// An answer with cookies.
type WithCookies<T> = poem_openapi::payload::Response<Json<T>>;

/// One sentence for the person.
#[derive(Debug, Object)]
#[oai(example)]
struct Message {
    /// What happened, to be shown as it is.
    message: String,
}

impl poem_openapi::types::Example for Message {
    fn example() -> Self {
        Self { message: register::DONE.to_owned() }
    }
}

/// The session API.
#[derive(Clone, Copy, Debug)]
pub struct Api;

#[OpenApi(tag = "super::document::Tags::Session")]
impl Api {
    /// Sign up
    ///
    /// Makes an account. The answer is the same whether or not the address is known, and signs nobody in.
    #[oai(path = "/api/auth/register", method = "post", operation_id = "register")]
    async fn register(&self, app: App, caller: Caller, body: StrictJson<RegisterRequest>) -> Result<Json<Message>> {
        register::register(&app, &caller, body.0).await
    }

    /// Sign in
    ///
    /// Starts a session: a session token in the body, and a refresh token in the cookie `refreshToken`.
    #[oai(path = "/api/auth/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        app: App,
        web: Web,
        caller: Caller,
        body: StrictJson<LoginRequest>,
    ) -> Result<WithCookies<SignedIn>> {
        login::login(&app, &web, &caller, body.0).await
    }

    /// Refresh the session
    ///
    /// Exchanges the refresh token for a fresh session token and the next refresh token. A repeat within the grace
    /// time gets the same successor. The refresh token alone decides: a missing, foreign or dead one is a 401, also
    /// beside a session token that is alive.
    #[oai(path = "/api/auth/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        app: App,
        web: Web,
        caller: Caller,
        request: &poem::Request,
        body: OptionalJson<RefreshRequest>,
    ) -> Result<WithCookies<SignedIn>> {
        refresh::refresh(&app, &web, &caller, request.headers(), body.0).await
    }

    /// Sign out
    ///
    /// Ends the session everywhere, by bearer or by cookie, also when the bearer has expired.
    #[oai(path = "/api/auth/logout", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        app: App,
        web: Web,
        caller: Caller,
        request: &poem::Request,
        bearer: MaybeBearer,
        _body: NoBody,
    ) -> Result<WithCookies<LogoutAnswer>> {
        logout::logout(&app, &web, &caller, request.headers(), bearer.0).await
    }

    /// Show the signed-in person
    ///
    /// As the chat keeps them: the id is stable and never given to anybody else.
    #[oai(path = "/api/user", method = "get", operation_id = "getUser")]
    async fn user(&self, app: App, bearer: Bearer) -> Result<Json<Person>> {
        user::user(&app, &bearer).await
    }

    /// Show what the login page needs
    ///
    /// By the names of LibreChat's start-up configuration; asks for no token.
    #[oai(path = "/api/config", method = "get", operation_id = "getConfig")]
    async fn config(&self, app: App) -> Result<Json<ChatConfig>, Error> {
        Ok(Json(ChatConfig::of(&app.config)))
    }
}
