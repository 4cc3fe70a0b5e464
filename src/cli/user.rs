//! `postern user ...`: accounts from the shell.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use entity::Names;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::app::App;
use crate::clock::rfc3339;
use crate::error::{Error, ErrorKind, FieldProblem, Result};
use crate::services::accounts::{Doer, NewBan};
use crate::services::sign_up::{check_name, judge};
use crate::services::users::email::Email;
use crate::services::users::username::Username;
use crate::services::users::{ADMIN, Created, NewUser, User};

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account; the first one ever becomes the administrator
    Create(Create),
    /// List the accounts
    List,
    /// Show one account
    Show(Who),
    /// Set a new password; every session of the account ends
    SetPassword {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: Password,
    },
    /// Give the account these roles and no others
    SetRole {
        #[command(flatten)]
        who: Who,
        /// The roles
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Put the account into these groups and no others
    SetGroups {
        #[command(flatten)]
        who: Who,
        /// The groups; none takes it out of all
        groups: Vec<String>,
    },
    /// Confirm the account's e-mail address
    Verify(Who),
    /// Let nobody in by this account; its sessions end
    Disable(Who),
    /// Let its owner in again
    Enable(Who),
    /// Ban the account; its sessions end
    Ban(BanOptions),
    /// Lift the ban
    Unban(Who),
    /// Delete the account for good
    Delete(Who),
}

/// Which account.
#[derive(Args, Debug)]
pub struct Who {
    /// Its id, e-mail address or user name
    user: String,
}

/// A new account.
#[derive(Args, Debug)]
pub struct Create {
    /// Its e-mail address
    #[arg(long)]
    email: Option<String>,
    /// The name that others see
    #[arg(long)]
    name: Option<String>,
    /// The user name; made from the name when missing
    #[arg(long)]
    username: Option<String>,
    /// A role; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// A group; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Count the address as confirmed
    #[arg(long)]
    verified: bool,
    #[command(flatten)]
    password: Password,
}

/// Where the password comes from; a terminal is asked when neither is given.
#[derive(Args, Debug)]
pub struct Password {
    /// Read the password from standard input
    #[arg(long, conflicts_with = "generate_password")]
    password_stdin: bool,
    /// Make a password and print it once
    #[arg(long)]
    generate_password: bool,
}

/// A ban.
#[derive(Args, Debug)]
pub struct BanOptions {
    #[command(flatten)]
    who: Who,
    /// For how long, such as 2h or 7d; until it is lifted when missing
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// Why; the person reads it
    #[arg(long)]
    reason: Option<String>,
}

/// Carries out `command`.
///
/// # Errors
/// What the services refuse, in words for the operator.
pub async fn run(app: &App, command: UserCommand, json: bool, out: &mut impl Write) -> Result<()> {
    let doer = Doer::command;
    match command {
        UserCommand::Create(create) => return self::create(app, create, json, out).await,
        UserCommand::List => return list(app, json, out).await,
        UserCommand::SetPassword { who, password } => return set_password(app, &who, &password, json, out).await,
        UserCommand::Ban(ban) => return self::ban(app, ban, json, out).await,
        UserCommand::Show(who) => {
            let user = app.users.named(&who.user).await?;
            return show(app, &user, json, out).await;
        }
        _ => {}
    }
    let (user, done) = match command {
        UserCommand::SetRole { who, roles } => {
            let user = app.users.named(&who.user).await?;
            (app.accounts.set_roles(user.id, Some(names("role", roles)?), None, doer()).await?, "has new roles")
        }
        UserCommand::SetGroups { who, groups } => {
            let user = app.users.named(&who.user).await?;
            (app.accounts.set_roles(user.id, None, Some(names("group", groups)?), doer()).await?, "has new groups")
        }
        UserCommand::Verify(who) => {
            let user = app.users.named(&who.user).await?;
            (app.accounts.verify_email(user.id, doer()).await?, "has a confirmed address")
        }
        UserCommand::Disable(who) => {
            let user = app.users.named(&who.user).await?;
            (app.accounts.disable(user.id, doer()).await?, "is disabled")
        }
        UserCommand::Enable(who) => {
            let user = app.users.named(&who.user).await?;
            (app.accounts.enable(user.id, doer()).await?, "is enabled")
        }
        UserCommand::Unban(who) => {
            let user = app.users.named(&who.user).await?;
            app.accounts.unban(user.id, doer()).await?;
            (user, "is not banned any more")
        }
        UserCommand::Delete(who) => {
            let user = app.users.named(&who.user).await?;
            app.accounts.delete(user.id, doer()).await?;
            (user, "is deleted")
        }
        _ => return Err(Error::internal("a command was carried out twice")),
    };
    say(out, json, &described(app, &user).await?, &format!("{} {done}.", user.email))
}

async fn create(app: &App, create: Create, json: bool, out: &mut impl Write) -> Result<()> {
    let email = asked("E-mail: ", create.email)?;
    let email = Email::parse(&email).map_err(|it| Error::invalid(vec![FieldProblem::new("--email", it)]))?;
    let name = create.name.unwrap_or_else(|| email.local_part().to_owned());
    if let Some(problem) = check_name(&name) {
        return Err(Error::invalid(vec![FieldProblem::new("--name", problem.message)]));
    }
    let username = create.username.as_deref().map(Username::parse).transpose();
    let username = username.map_err(|it| Error::invalid(vec![FieldProblem::new("--username", it)]))?;
    let (password, was_made) = chosen_password(app, &create.password, &[email.as_written(), &name])?;
    let new = NewUser {
        email_verified: create.verified,
        name,
        username,
        password_hash: Some(app.hasher.hash(&password).await?),
        roles: names("role", create.roles)?,
        groups: names("group", create.groups)?,
        provider: "local".to_owned(),
        may_be_first: true,
        email,
    };
    let Created::New(user) = app.accounts.create(new, Doer::command()).await? else {
        return Err(Error::new(ErrorKind::Conflict, "There is an account with this address already."));
    };
    let mut description = described(app, &user).await?;
    let mut words = format!("{} is made, with the user name {}", user.email, user.username);
    words.push_str(if user.roles.contains(ADMIN) { ", as administrator." } else { "." });
    if was_made {
        description["password"] = password.expose_secret().into();
        words.push_str(&format!("\nPassword (shown once): {}", password.expose_secret()));
    }
    say(out, json, &description, &words)
}

async fn set_password(app: &App, who: &Who, password: &Password, json: bool, out: &mut impl Write) -> Result<()> {
    let user = app.users.named(&who.user).await?;
    let (password, was_made) = chosen_password(app, password, &[&user.email, &user.name])?;
    let hash = app.hasher.hash(&password).await?;
    let user = app.accounts.set_password(user.id, hash, None, Doer::command()).await?;
    let mut description = described(app, &user).await?;
    let mut words = format!("{} has a new password; all sessions have ended.", user.email);
    if was_made {
        description["password"] = password.expose_secret().into();
        words.push_str(&format!("\nPassword (shown once): {}", password.expose_secret()));
    }
    say(out, json, &description, &words)
}

async fn ban(app: &App, ban: BanOptions, json: bool, out: &mut impl Write) -> Result<()> {
    let user = app.users.named(&ban.who.user).await?;
    let lasts = ban.lasts.as_deref().map(duration).transpose()?;
    app.accounts.ban(user.id, NewBan { lasts, reason: ban.reason }, Doer::command()).await?;
    let until = lasts.map_or_else(String::new, |lasts| format!(" until {}", rfc3339(app.clock.now() + lasts)));
    say(out, json, &described(app, &user).await?, &format!("{} is banned{until}.", user.email))
}

async fn list(app: &App, json: bool, out: &mut impl Write) -> Result<()> {
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

async fn show(app: &App, user: &User, json: bool, out: &mut impl Write) -> Result<()> {
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

async fn described(app: &App, user: &User) -> Result<Value> {
    let ban = app.moderation.ban_of(user.id).await?;
    let ban = ban.map(|ban| json!({"reason": ban.reason, "until": ban.expires_at.map(rfc3339)}));
    Ok(json!({
        "id": user.id, "email": user.email, "email_verified": user.email_verified, "name": user.name,
        "username": user.username, "roles": user.roles.as_slice(), "groups": user.groups.as_slice(),
        "provider": user.provider, "disabled": user.disabled_at.is_some(), "ban": ban,
        "created_at": rfc3339(user.created_at),
    }))
}

fn say(out: &mut impl Write, json: bool, description: &Value, words: &str) -> Result<()> {
    let written = if json { writeln!(out, "{description}") } else { writeln!(out, "{words}") };
    written.map_err(Error::internal)
}

fn names(what: &'static str, names: Vec<String>) -> Result<Names> {
    let is_odd = |name: &String| name.trim().is_empty() || name.len() > 80 || name.chars().any(char::is_control);
    match names.iter().find(|name| is_odd(name)) {
        Some(odd) => Err(Error::new(ErrorKind::InvalidInput, format!("{odd:?} is no name for a {what}."))),
        None => Ok(Names::new(names)),
    }
}

/// The given value, or what a person at the terminal answers.
fn asked(question: &str, given: Option<String>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !std::io::stdin().is_terminal() {
        let words = format!("There is no terminal to ask for \"{}\"; give it as an option.", question.trim_end_matches(": "));
        return Err(Error::new(ErrorKind::InvalidInput, words));
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).map_err(Error::internal)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim().to_owned())
}

/// The password that the operator gives, or one that is made; and whether it was made.
fn chosen_password(app: &App, password: &Password, known: &[&str]) -> Result<(SecretString, bool)> {
    if password.generate_password {
        return Ok((URL_SAFE_NO_PAD.encode(app.random.bytes::<18>()).into(), true));
    }
    let chosen: SecretString = if password.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
        line.trim_end_matches(['\r', '\n']).into()
    } else if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ").map_err(Error::internal)?.into()
    } else {
        let words = "There is no terminal to ask for a password; add --password-stdin or --generate-password.";
        return Err(Error::new(ErrorKind::InvalidInput, words));
    };
    judge(&app.config.users, &chosen, known).map_err(|problem| Error::invalid(vec![problem]))?;
    Ok((chosen, false))
}

fn duration(text: &str) -> Result<Duration> {
    crate::env::duration(text).map_err(|problem| Error::new(ErrorKind::InvalidInput, format!("--for: {problem}")))
}

/// Makes an administrator of `email`, whatever stands in the way: a new account, a role, a
/// disabled account, a ban.
///
/// # Errors
/// When the database is away, or the address is none.
pub async fn recover_admin(app: &App, email: Option<String>, json: bool, out: &mut impl Write) -> Result<()> {
    let email = asked("E-mail: ", email)?;
    let email = Email::parse(&email).map_err(|it| Error::invalid(vec![FieldProblem::new("--email", it)]))?;
    let password: SecretString = URL_SAFE_NO_PAD.encode(app.random.bytes::<18>()).into();
    let hash = app.hasher.hash(&password).await?;
    let user = app.accounts.recover_admin(email, hash, Doer::command()).await?;
    let mut description = described(app, &user).await?;
    description["password"] = password.expose_secret().into();
    let words = format!(
        "{} is administrator and may sign in; all earlier sessions have ended.\nPassword (shown once): {}",
        user.email,
        password.expose_secret()
    );
    say(out, json, &description, &words)
}
