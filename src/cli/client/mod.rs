//! `postern client ...`: clients from the shell.

mod options;
mod show;

pub use options::{Add, ClientCommand, Which};

use std::io::Write;
use std::time::Duration;

use entity::ClientId;
use serde_json::json;

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::Actor;
use crate::services::clients::Clients;
use show::{described, line, list, show};

/// Carries out `command`; with `json` one document and nothing else goes to `out`.
///
/// # Errors
/// What the clients refuse, in words for the operator.
pub async fn run(command: ClientCommand, clients: &Clients, json: bool, out: &mut impl Write) -> Result<()> {
    match command {
        ClientCommand::Add(new) => add(*new, clients, json, out).await,
        ClientCommand::List => {
            list(&clients.list().await?, json, out)?;
            tell_hidden(clients, json, out).await
        }
        ClientCommand::Show(Which { id }) => {
            let client = clients.find(&id).await?;
            let unknown = || Error::new(ErrorKind::NotFound, format!("There is no client {id}."));
            show(&described(client.ok_or_else(unknown)?.as_ref())?, json, out)
        }
        ClientCommand::RotateSecret { which, keep_previous } => {
            rotate(&which.id, keep_previous, clients, json, out).await
        }
        ClientCommand::Remove(Which { id }) => {
            clients.remove(&id, Actor::Command).await?;
            match json {
                true => line(out, json!({"client_id": id, "removed": true})),
                false => line(out, format_args!("Client {id} is removed.")),
            }
        }
    }
}

async fn add(new: Add, clients: &Clients, json: bool, out: &mut impl Write) -> Result<()> {
    let added = clients.add(new.which.id.clone(), new.metadata(), Actor::Command).await?;
    let secret = added.secret.as_ref().map(Secret::expose);
    if json {
        let mut description = described(&added.client)?;
        if let Some(secret) = secret {
            description["client_secret"] = json!(secret);
        }
        return line(out, description);
    }
    line(out, format_args!("Client {} is added.", added.client.id))?;
    match secret {
        Some(secret) => hand_over(secret, out),
        None => line(out, "It is public and has no secret."),
    }
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

fn hand_over(secret: &str, out: &mut impl Write) -> Result<()> {
    line(out, format_args!("client_secret = {secret}"))?;
    line(out, "It is shown this once. Put it where the client reads its settings.")
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
