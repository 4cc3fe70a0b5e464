//! Accounts in print: for people and as JSON.

use std::collections::HashMap;
use std::io::Write;

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::table::table;
use crate::clock::rfc3339;
use crate::error::{Error, Result};
use crate::services::moderation::Ban;
use crate::services::users::User;

pub(super) async fn list(app: &App, json: bool, out: &mut impl Write) -> Result<()> {
    let all = everybody(app).await?;
    if json {
        let list: Vec<Value> = all.iter().map(|(user, ban)| description(user, ban.as_ref())).collect();
        return writeln!(out, "{}", Value::Array(list)).map_err(Error::internal);
    }
    let heads = ["ID", "USER NAME", "E-MAIL", "CONFIRMED", "ROLES", "STATE"];
    table(heads, all.iter().map(|(user, ban)| row(user, ban.as_ref())), out)
}

fn row(user: &User, ban: Option<&Ban>) -> [String; 6] {
    let kept_out = [(user.disabled_at.is_some(), "disabled"), (ban.is_some(), "banned")];
    let kept_out: Vec<&str> = kept_out.into_iter().filter_map(|(is_so, word)| is_so.then_some(word)).collect();
    [
        user.id.to_string(),
        user.username.clone(),
        user.email.clone(),
        (if user.email_verified { "yes" } else { "no" }).to_owned(),
        user.roles.as_slice().join(","),
        (if kept_out.is_empty() { "-".to_owned() } else { kept_out.join(",") }),
    ]
}

/// Every account with the ban that stands, in the order of user names.
async fn everybody(app: &App) -> Result<Vec<(User, Option<Ban>)>> {
    const PAGE: u64 = 200;
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let page = app.users.list(&after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after.clone_from(&last.username);
        let ids: Vec<_> = page.iter().map(|user| user.id).collect();
        let mut bans: HashMap<_, _> =
            app.moderation.bans_of(&ids).await?.into_iter().map(|ban| (ban.subject.clone(), ban)).collect();
        all.extend(page.into_iter().map(|user| {
            let ban = bans.remove(&user.id.to_string());
            (user, ban)
        }));
    }
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
    Ok(description(user, app.moderation.ban_of(user.id).await?.as_ref()))
}

fn description(user: &User, ban: Option<&Ban>) -> Value {
    let ban = ban.map(|ban| json!({"reason": ban.reason, "until": ban.expires_at.map(rfc3339)}));
    json!({
        "id": user.id, "email": user.email, "email_verified": user.email_verified, "name": user.name,
        "username": user.username, "roles": user.roles.as_slice(), "groups": user.groups.as_slice(),
        "provider": user.provider, "disabled": user.disabled_at.is_some(), "ban": ban,
        "created_at": rfc3339(user.created_at),
    })
}

pub(super) fn say(out: &mut impl Write, json: bool, description: &Value, words: &str) -> Result<()> {
    let written = if json { writeln!(out, "{description}") } else { writeln!(out, "{words}") };
    written.map_err(Error::internal)
}
