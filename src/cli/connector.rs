//! `postern connector ...`: the other providers that let people in, from the shell.

use std::io::{Read, Write};

use clap::Subcommand;
use entity::Names;
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::services::connectors::{Connector, Profile};
use crate::services::users::USER;

/// The longest set of claims that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What can be done with connectors.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// List the providers that let people in, with the addresses to register at each
    List,
    /// Say what a set of claims, a JSON object on standard input, would become
    Preview {
        /// The connector's id
        id: String,
    },
}

/// Carries out `command`; with `json` one document and nothing else goes to `out`.
///
/// # Errors
/// [`ErrorKind::NotFound`] for an unknown id; [`ErrorKind::InvalidRequest`] for what is no JSON object.
pub(super) fn run(command: &ConnectorCommand, config: &Config, json: bool, out: &mut impl Write) -> Result<()> {
    let all = &config.connectors.list;
    let issuer = config.web.issuer();
    match command {
        ConnectorCommand::List if json => {
            line(out, Value::Array(all.iter().map(|connector| described(connector, issuer)).collect()))
        }
        ConnectorCommand::List if all.is_empty() => line(
            out,
            "No other provider lets anybody in. Set ALLOW_SOCIAL_LOGIN=true, and GITHUB_CLIENT_ID or the like.",
        ),
        ConnectorCommand::List => list(all, issuer, out),
        ConnectorCommand::Preview { id } => {
            let words = || Error::new(ErrorKind::NotFound, format!("No connector is called {id}."));
            let connector = all.iter().find(|connector| connector.id == *id).ok_or_else(words)?;
            let preview = previewed(connector, &claims()?)?;
            if json { line(out, preview) } else { show(&preview, out) }
        }
    }
}

fn described(connector: &Connector, issuer: &str) -> Value {
    json!({
        "id": connector.id, "kind": connector.known.kind, "name": connector.name,
        "callback": connector.callback_below(issuer), "registration": connector.registration,
        "backchannel_logout": connector.told_below(issuer),
    })
}

fn list(all: &[Connector], issuer: &str, out: &mut impl Write) -> Result<()> {
    let heads = ["ID", "KIND", "NAME", "NEW ACCOUNTS", "CALLBACK ADDRESS", "BACK-CHANNEL LOGOUT ADDRESS"];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(all.iter().map(|connector| {
        let opens = if connector.registration { "yes" } else { "no" };
        let (callback, told) = (connector.callback_below(issuer), connector.told_below(issuer).unwrap_or_default());
        [connector.id.as_str(), connector.known.kind, connector.name.as_str(), opens, callback.as_str(), told.as_str()]
            .map(str::to_owned)
    }));
    let widths: [usize; 6] =
        std::array::from_fn(|place| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0));
    rows.iter().try_for_each(|row| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        line(out, cells.join("  ").trim_end())
    })
}

/// The claims on standard input.
fn claims() -> Result<Map<String, Value>> {
    let mut text = String::new();
    std::io::stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(Error::internal)?;
    let words =
        "Standard input must hold claims as one JSON object, such as {\"sub\": \"1\", \"groups\": [\"staff\"]}.";
    serde_json::from_str(&text).map_err(|error| Error::new(ErrorKind::InvalidRequest, words).because(error))
}

/// What the claims would become, or why nobody would come in; what cannot be read at all is an error.
fn previewed(connector: &Connector, claims: &Map<String, Value>) -> Result<Value> {
    match connector.preview(claims) {
        Ok(profile) => Ok(admitted(connector, &profile)),
        Err(error) if error.kind == ErrorKind::ProviderFailed => Err(error),
        Err(error) => Ok(json!({"admitted": false, "code": error.kind.code(), "why": error.detail})),
    }
}

fn admitted(connector: &Connector, profile: &Profile) -> Value {
    let email = profile.email.as_ref();
    json!({
        "admitted": true, "connector": profile.who.connector, "issuer": profile.who.issuer,
        "subject": profile.who.subject, "name": profile.name, "username": profile.username,
        "email": email.map(|email| email.address.as_written()),
        "email_verified": email.is_some_and(|email| email.verified),
        "makes_account": connector.registration && email.is_some(),
        "roles": profile.standing.roles(&Names::new([USER])).as_slice(),
        "groups": profile.standing.groups(&Names::default()).as_slice(),
    })
}

fn show(preview: &Value, out: &mut impl Write) -> Result<()> {
    let fields = preview.as_object().into_iter().flatten();
    fields.filter(|(_, value)| !value.is_null()).try_for_each(|(name, value)| match value {
        Value::String(text) => line(out, format_args!("{name:14}  {text}")),
        Value::Array(list) => {
            let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            line(out, format_args!("{name:14}  {}", names.join(", ")))
        }
        other => line(out, format_args!("{name:14}  {other}")),
    })
}

fn line(out: &mut impl Write, text: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{text}").map_err(Error::internal)
}
