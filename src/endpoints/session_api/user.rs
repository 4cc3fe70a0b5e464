//! `GET /api/user`.

use poem_openapi::payload::Json;
use secrecy::ExposeSecret;

use super::bearer::Bearer;
use super::person::Person;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::tokens::TokenKind;

pub(super) async fn user(app: &App, bearer: &Bearer) -> Result<Json<Person>> {
    let token = app.tokens.inspect(bearer.0.expose_secret()).await?;
    // A client's access token is for that client's resources, not for the session API (SEC-075).
    let token = token.filter(|token| token.kind == TokenKind::Session).ok_or(ErrorKind::Unauthenticated)?;
    let live = token.live.as_ref().ok_or(ErrorKind::Unauthenticated)?;
    Ok(Json(Person::of(&live.user, app.config.web.issuer())))
}
