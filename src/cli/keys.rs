//! `postern keys ...`: signing keys from the shell.

use std::io::Write;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::services::audit::Actor;
use crate::services::keys::{KeyInfo, KeyState, Keys};

/// What can be done with signing keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the signing keys
    List,
    /// Let the next keys sign; what the others have signed stays good
    Rotate {
        /// This key is known to others: give it up at once, with every token that it signed
        #[arg(long, value_name = "KID")]
        compromised: Option<String>,
    },
}

/// Carries out `command`; with `json` one document and nothing else goes to `out`.
///
/// # Errors
/// What the keys refuse, in words for the operator.
pub async fn run(command: KeysCommand, keys: &Keys, json: bool, out: &mut impl Write) -> Result<()> {
    let all = match command {
        KeysCommand::List => keys.list().await?,
        KeysCommand::Rotate { compromised: None } => keys.rotate(Actor::Command).await?,
        KeysCommand::Rotate { compromised: Some(kid) } => {
            let left = keys.condemn(&kid, Actor::Command).await?;
            if !json {
                line(out, format_args!("The key {kid} is given up; whatever it signed is dead."))?;
            }
            left
        }
    };
    if json {
        return line(out, Value::Array(all.iter().map(described).collect()));
    }
    if all.is_empty() {
        return line(out, "There are no signing keys yet; the first start of the server makes them.");
    }
    line(out, format_args!("{:43}  ALGORITHM  STATE     SIGNS", "KID"))?;
    all.iter().try_for_each(|key| {
        let (kid, algorithm, state) = (&key.kid, key.algorithm.name(), key.state.name());
        line(out, format_args!("{kid:43}  {algorithm:9}  {state:8}  {}", turn(key)))
    })
}

/// Since when or from when on a key signs, or until when it is published.
fn turn(key: &KeyInfo) -> String {
    let at = |moment: Option<_>| moment.map(rfc3339);
    let words = match key.state {
        KeyState::Next => at(key.signs_from).map(|at| format!("from {at}")),
        KeyState::Current => at(key.signs_from).map(|at| format!("since {at}")),
        KeyState::Previous => at(key.expires_at).map(|at| format!("no more; published until {at}")),
    };
    words.unwrap_or_else(|| "when it is told to".to_owned())
}

fn described(key: &KeyInfo) -> Value {
    json!({
        "kid": key.kid, "algorithm": key.algorithm, "state": key.state.name(),
        "created_at": rfc3339(key.created_at), "signs_from": key.signs_from.map(rfc3339),
        "retired_at": key.retired_at.map(rfc3339), "expires_at": key.expires_at.map(rfc3339),
    })
}

fn line(out: &mut impl Write, text: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{text}").map_err(Error::internal)
}
