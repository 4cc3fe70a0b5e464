//! Accounts in print: for people and as JSON.

use std::io::Write;

use serde_json::{Value, json};

use crate::app::App;
use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::services::users::User;

pub(super) async fn list(app: &App, json: bool, out: &mut impl Write) -> Result<()> {
    const PAGE: u64 = 200;
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = app.users.list(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.username);
        all.extend(page);
    }
    if json {
        let mut list = Vec::with_capacity(all.len());
        for user in &all {
            list.push(described(app, user).await?);
        }
        return writeln!(out, "{}", Value::Array(list)).map_err(Error::internal);
    }
    let width = |of: fn(&User) -> &str| all.iter().map(|user| of(user).chars().count()).max().unwrap_or(0);
    let (names, mails) = (width(|user| &user.username), width(|user| &user.email));
    for user in &all {
        let state = if user.disabled_at.is_some() { "  disabled" } else { "" };
        let roles = user.roles.as_slice().join(",");
        writeln!(out, "{}  {:names$}  {:mails$}  {roles}{state}", user.id, user.username, user.email)
            .map_err(Error::internal)?;
    }
    Ok(())
}

pub(super) async fn show(app: &App, user: &User, json: bool, out: &mut impl Write) -> Result<()> {
    let description = described(app, user).await?;
    if json {
        return writeln!(out, "{description}").map_err(Error::internal);
    }
    for (name, value) in description.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        writeln!(out, "{name:16}{value}").map_err(Error::internal)?;
    }
    Ok(())
}

pub(super) async fn described(app: &App, user: &User) -> Result<Value> {
    let ban = app.moderation.ban_of(user.id).await?;
    let ban = ban.map(|ban| json!({"reason": ban.reason, "until": ban.expires_at.map(rfc3339)}));
    Ok(json!({
        "id": user.id, "email": user.email, "email_verified": user.email_verified, "name": user.name,
        "username": user.username, "roles": user.roles.as_slice(), "groups": user.groups.as_slice(),
        "provider": user.provider, "disabled": user.disabled_at.is_some(), "ban": ban,
        "created_at": rfc3339(user.created_at),
    }))
}

pub(super) fn say(out: &mut impl Write, json: bool, description: &Value, words: &str) -> Result<()> {
    let written = if json { writeln!(out, "{description}") } else { writeln!(out, "{words}") };
    written.map_err(Error::internal)
}
