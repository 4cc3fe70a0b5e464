//! Clients in print: for people and as JSON.

use std::io::Write;

use serde_json::{Value, json};

use crate::cli::table::table;
use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::services::clients::Client;

/// All that may be known of `client`, by the names of the clients file; never a secret or its hash.
pub(super) fn described(client: &Client) -> Result<Value> {
    let mut all = serde_json::to_value(&client.metadata).map_err(Error::internal)?;
    all["client_id"] = json!(client.id);
    all["declared_in"] = json!(client.origin.name());
    all["created_at"] = json!(client.created_at.map(rfc3339));
    all["expires_at"] = json!(client.expires_at.map(rfc3339));
    all["previous_secret_expires_at"] = json!(client.previous_secret_expires_at().map(rfc3339));
    Ok(all)
}

pub(super) fn show(description: &Value, json: bool, out: &mut impl Write) -> Result<()> {
    if json {
        return line(out, description);
    }
    let fields: Vec<(&String, String)> =
        description.as_object().into_iter().flatten().map(|(name, value)| (name, plain(value))).collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .try_for_each(|(name, value)| line(out, format!("{name:width$}  {value}")))
}

pub(super) fn list(clients: &[impl AsRef<Client>], json: bool, out: &mut impl Write) -> Result<()> {
    if json {
        let all: Vec<Value> = clients.iter().map(|client| described(client.as_ref())).collect::<Result<_>>()?;
        return line(out, Value::Array(all));
    }
    let heads = ["CLIENT", "NAME", "AUTH METHOD", "INTROSPECT", "DECLARED IN"];
    table(heads, clients.iter().map(|client| row(client.as_ref())), out)
}

fn row(client: &Client) -> [String; 5] {
    let introspect = client.introspect.map_or("-", |which| which.name());
    [
        client.id.to_string(),
        client.client_name.clone().unwrap_or_else(|| "-".to_owned()),
        client.token_endpoint_auth_method.to_string(),
        introspect.to_owned(),
        client.origin.name().to_owned(),
    ]
}

/// A value as a person reads it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().map(plain).collect::<Vec<_>>().join(" ")
        }
        Value::Bool(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        other => other.to_string(),
    }
}

/// One line.
pub(super) fn line(out: &mut impl Write, text: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{text}").map_err(Error::internal)
}
