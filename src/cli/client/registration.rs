//! `postern client registration-token`: what lets a client register itself.

use std::io::Write;

use serde_json::json;

use super::Installation;
use super::options::NewToken;
use super::show::line;
use crate::clock::rfc3339;
use crate::error::Result;
use crate::services::audit::Actor;

/// Makes the token and hands it over.
///
/// # Errors
/// When the database is away.
pub(super) async fn token(
    new: &NewToken,
    installation: &Installation<'_>,
    json: bool,
    (out, err): (&mut impl Write, &mut impl Write),
) -> Result<()> {
    let (token, expires_at) = installation.initial_tokens.make(new.uses, new.lives, Actor::Command).await?;
    let endpoint = installation.provider["registration_endpoint"].as_str();
    if endpoint.is_none() {
        let words = "Warning: registration is off: set POSTERN_DYNAMIC_REGISTRATION=token and restart the server.";
        line(err, words)?;
    }
    let until = rfc3339(expires_at);
    if json {
        let document = json!({
            "initial_access_token": token.expose(), "uses": new.uses, "expires_at": until,
            "registration_endpoint": endpoint,
        });
        return line(out, document);
    }
    line(out, format_args!("initial_access_token = {}", token.expose()))?;
    let clients = if new.uses == 1 { "One client".to_owned() } else { format!("{} clients", new.uses) };
    let at = endpoint.map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
    line(out, format_args!("It is shown this once. {clients} can register with it until {until}{at}."))
}
