//! `GET /api/user`.

use poem_openapi::payload::Json;
use secrecy::ExposeSecret;

use super::bearer::Bearer;
use super::person::Person;
use crate::app::App;
use crate::error::{ErrorKind, Result};

pub(super) async fn user(app: &App, bearer: &Bearer) -> Result<Json<Person>> {
    let token = app.tokens.inspect(bearer.0.expose_secret()).await?.ok_or(ErrorKind::Unauthenticated)?;
    Ok(Json(Person::from(&token.live.user)))
}
