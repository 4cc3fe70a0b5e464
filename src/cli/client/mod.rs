//! `postern client ...`: clients from the shell.

mod add;
mod apps;
mod block;
mod options;
mod registration;
mod show;

pub use add::Add;
pub use apps::ChatApp;
pub use options::{ClientCommand, NewToken, Which};

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use entity::ClientId;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use crate::services::audit::Actor;
use crate::services::clients::Clients;
use crate::services::grants::Grants;
use crate::services::registration::InitialTokens;
use add::{add, hand_over};
use show::{described, line, list, show};

/// What a client is told of this installation.
#[derive(Debug)]
pub struct Installation<'a> {
    /// What discovery tells.
    pub provider: Value,
    /// The name on its pages.
    pub title: &'a str,
    /// Makes the keys that an app keeps to itself.
    pub random: &'a Random,
    /// What clients were granted.
    pub grants: &'a Grants,
    /// What lets a client register itself.
    pub initial_tokens: &'a InitialTokens,
    /// The authority that an app must be told to trust, where its certificate was made here.
    pub authority: Option<&'a Path>,
}

impl Installation<'_> {
    fn issuer(&self) -> &str {
        self.provider["issuer"].as_str().unwrap_or_default()
    }
}

/// Carries out `command`; with `json` one document and nothing else goes to `out`, and what an
/// operator should know besides to `err`.
///
/// # Errors
/// What the clients refuse, in words for the operator.
pub async fn run(
    command: ClientCommand,
    clients: &Clients,
    installation: &Installation<'_>,
    json: bool,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<()> {
    match command {
        ClientCommand::Add(new) => add(*new, clients, installation, json, (out, err)).await,
        ClientCommand::List => {
            list(&clients.list().await?, json, out)?;
            tell_hidden(clients, json, out).await
        }
        ClientCommand::Show(Which { id }) => {
            let client = clients.find(&id).await?.ok_or_else(|| unknown(&id))?;
            show(&described(client.as_ref())?, json, out)
        }
        ClientCommand::RotateSecret { which, keep_previous } => {
            rotate(&which.id, keep_previous, clients, json, out).await
        }
        ClientCommand::RegistrationToken(new) => registration::token(&new, installation, json, (out, err)).await,
        ClientCommand::Remove { which: Which { id }, sure } => {
            let client = clients.find(&id).await?.ok_or_else(|| unknown(&id))?;
            let name = client.client_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            sure.or_ask(&format!("Client {id}{name} is removed for good, with all that people granted it."))?;
            installation.grants.remove_client(clients, &id, Actor::Command).await?;
            match json {
                true => line(out, json!({"client_id": id, "removed": true})),
                false => line(out, format_args!("Client {id} is removed.")),
            }
        }
    }
}

fn unknown(id: &ClientId) -> Error {
    Error::new(ErrorKind::NotFound, format!("There is no client {id}."))
}

async fn rotate(
    id: &ClientId,
    keep_previous: Duration,
    clients: &Clients,
    json: bool,
    out: &mut impl Write,
) -> Result<()> {
    let secret = clients.rotate_secret(id, keep_previous, Actor::Command).await?;
    if json {
        let client = clients.find(id).await?;
        let until = client.and_then(|client| client.previous_secret_expires_at()).map(crate::clock::rfc3339);
        let document = json!({"client_id": id, "client_secret": secret.expose(), "previous_secret_expires_at": until});
        return line(out, document);
    }
    let until = match keep_previous.is_zero() {
        true => "The one from before is dead.".to_owned(),
        false => format!("The one from before opens for {} hours more.", keep_previous.as_secs().div_ceil(3600)),
    };
    line(out, format_args!("Client {id} has a new secret. {until}"))?;
    hand_over(secret.expose(), out)
}

/// For people only: which clients of the database the clients file hides.
async fn tell_hidden(clients: &Clients, json: bool, out: &mut impl Write) -> Result<()> {
    let hidden = if json { Vec::new() } else { clients.hidden().await? };
    hidden.iter().try_for_each(|id| {
        line(out, format_args!("Warning: {id} stands in the clients file and was added by command too; the file wins."))
    })
}

#[cfg(test)]
mod tests;
