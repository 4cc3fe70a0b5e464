//! `postern user ...` and `postern recover-admin`: accounts from the shell.

mod ask;
mod options;
mod show;

pub(super) use options::UserCommand;

use std::io::Write;

use entity::Names;
use secrecy::ExposeSecret;

use crate::app::App;
use crate::clock::rfc3339;
use crate::error::{Error, ErrorKind, Result};
use crate::services::accounts::{Doer, NewBan};
use crate::services::users::email::Email;
use crate::services::users::name::check_name;
use crate::services::users::{ADMIN, Created, NewUser, USER, User};
use crate::services::vocabulary::nearest;

use ask::{account, address, chosen_password, chosen_roles, made_password};
use options::{BanOptions, Create, Password, Who};
use show::{described, list, say, show};

/// Carries out `command`.
///
/// # Errors
/// What the services refuse, in words for the operator.
pub(super) async fn run(
    app: &App,
    command: UserCommand,
    json: bool,
    (out, err): (&mut impl Write, &mut impl Write),
) -> Result<()> {
    let doer = Doer::command;
    match command {
        UserCommand::Create(create) => return self::create(app, create, json, (out, err)).await,
        UserCommand::SetRole { who, roles, force } => {
            let user = account(app, who).await?;
            return set_roles(app, &user, chosen_roles(roles)?, force, json, (out, err)).await;
        }
        UserCommand::List => return list(app, json, out).await,
        UserCommand::SetPassword { who, password } => return set_password(app, who, &password, json, out).await,
        UserCommand::Ban(ban) => return self::ban(app, ban, json, out).await,
        UserCommand::Show(who) => {
            let user = account(app, who).await?;
            return show(app, &user, json, out).await;
        }
        _ => {}
    }
    let (user, done) = match command {
        UserCommand::SetGroups { user, groups } => {
            let user = app.users.named(&user).await?;
            (app.accounts.set_roles(user.id, None, Some(Names::new(groups)), doer()).await?, "has new groups")
        }
        UserCommand::Verify(who) => {
            let user = account(app, who).await?;
            (app.accounts.verify_email(user.id, doer()).await?, "has a confirmed address")
        }
        UserCommand::Disable(who) => {
            let user = account(app, who).await?;
            (app.accounts.disable(user.id, doer()).await?, "is disabled")
        }
        UserCommand::Enable(who) => {
            let user = account(app, who).await?;
            (app.accounts.enable(user.id, doer()).await?, "is enabled")
        }
        UserCommand::Unban(who) => {
            let user = account(app, who).await?;
            app.accounts.unban(user.id, doer()).await?;
            (user, "is not banned any more")
        }
        UserCommand::Delete { who, sure, force } => {
            let user = account(app, who).await?;
            keep_an_administrator(app, &user, force).await?;
            let (email, name) = (&user.email, &user.name);
            sure.or_ask(&format!(
                "{email} ({name}) is deleted for good, with all sessions and what apps were granted."
            ))?;
            app.accounts.delete(user.id, doer()).await?;
            (user, "is deleted")
        }
        _ => return Err(Error::internal("a command was carried out twice")),
    };
    say(out, json, &described(app, &user).await?, &format!("{} {done}.", user.email))
}

/// Gives `user` these roles, and says on `err` which of them look like slips.
async fn set_roles(
    app: &App,
    user: &User,
    roles: Names,
    force: bool,
    json: bool,
    (out, err): (&mut impl Write, &mut impl Write),
) -> Result<()> {
    if !roles.contains(ADMIN) {
        keep_an_administrator(app, user, force).await?;
    }
    let user = app.accounts.set_roles(user.id, Some(roles), None, Doer::command()).await?;
    warn_of_roles(app, &user, err).await?;
    let words = format!("{} has new roles: {}.", user.email, user.roles.as_slice().join(", "));
    say(out, json, &described(app, &user).await?, &words)
}

/// Refuses to take the last administrator away, unless that is asked for by `force`.
async fn keep_an_administrator(app: &App, user: &User, force: bool) -> Result<()> {
    if force || !app.users.is_last_admin(user).await? {
        return Ok(());
    }
    let words = format!(
        "{} is the last administrator. Make another one first (postern user set-role USER admin), or say --force.",
        user.email
    );
    Err(Error::new(ErrorKind::Conflict, words))
}

/// Names each role of `user` that nobody else has and that has no meaning here: it may be a slip.
async fn warn_of_roles(app: &App, user: &User, err: &mut impl Write) -> Result<()> {
    let in_use = app.users.other_roles(user.id).await?;
    let known: Vec<&str> = in_use.iter().map(String::as_str).chain([ADMIN, USER]).collect();
    for role in user.roles.as_slice().iter().filter(|role| !known.contains(&role.as_str())) {
        let meant = nearest(role, &known).map(|near| format!(" Is {near} meant?")).unwrap_or_default();
        writeln!(err, "Warning: nobody else has the role {role}.{meant}").map_err(Error::internal)?;
    }
    Ok(())
}

async fn create(app: &App, create: Create, json: bool, (out, err): (&mut impl Write, &mut impl Write)) -> Result<()> {
    let email = address(create.email)?;
    let name = create.name.unwrap_or_else(|| email.local_part().to_owned());
    if let Some(problem) = check_name(&name) {
        return Err(Error::invalid(vec![problem]));
    }
    let (password, was_made) = chosen_password(app, &create.password, &[email.as_written(), &name]).await?;
    let new = NewUser {
        email_verified: create.verified,
        name,
        username: create.username,
        password_hash: Some(app.hasher.hash(&password).await?),
        roles: Names::new(create.roles),
        groups: Names::new(create.groups),
        provider: "local".to_owned(),
        may_be_first: true,
        email,
    };
    let Created::New(user) = app.accounts.create(new, Doer::command()).await? else {
        return Err(Error::new(ErrorKind::Conflict, "There is an account with this address already."));
    };
    warn_of_roles(app, &user, err).await?;
    let mut description = described(app, &user).await?;
    let mut words = format!("{} is made, with the user name {}", user.email, user.username);
    words.push_str(if user.roles.contains(ADMIN) { ", as administrator." } else { "." });
    if was_made {
        description["password"] = password.expose_secret().into();
        words.push_str(&format!("\nPassword (shown once): {}", password.expose_secret()));
    }
    say(out, json, &description, &words)
}

async fn set_password(app: &App, who: Who, password: &Password, json: bool, out: &mut impl Write) -> Result<()> {
    let user = account(app, who).await?;
    let (password, was_made) = chosen_password(app, password, &[&user.email, &user.name]).await?;
    let hash = app.hasher.hash(&password).await?;
    let user = app.accounts.set_password(user.id, hash, Doer::command()).await?;
    let mut description = described(app, &user).await?;
    let mut words = format!("{} has a new password; all sessions have ended.", user.email);
    if was_made {
        description["password"] = password.expose_secret().into();
        words.push_str(&format!("\nPassword (shown once): {}", password.expose_secret()));
    }
    say(out, json, &description, &words)
}

async fn ban(app: &App, ban: BanOptions, json: bool, out: &mut impl Write) -> Result<()> {
    let BanOptions { who, lasts, reason } = ban;
    let user = account(app, who).await?;
    app.accounts.ban(user.id, NewBan { lasts, reason }, Doer::command()).await?;
    let until = lasts.map_or_else(String::new, |lasts| format!(" until {}", rfc3339(app.clock.now() + lasts)));
    say(out, json, &described(app, &user).await?, &format!("{} is banned{until}.", user.email))
}

/// Makes an administrator of `email`, whatever stands in the way: a new account, a role, a
/// disabled account, a ban.
///
/// # Errors
/// When the database is away, or the address is none.
pub(super) async fn recover_admin(app: &App, email: Option<Email>, json: bool, out: &mut impl Write) -> Result<()> {
    let email = address(email)?;
    let password = made_password(app);
    let hash = app.hasher.hash(&password).await?;
    let is_new = app.users.by_email(email.canonical()).await?.is_none();
    let user = app.accounts.recover_admin(email, hash, Doer::command()).await?;
    let mut description = described(app, &user).await?;
    description["made"] = is_new.into();
    description["password"] = password.expose_secret().into();
    let done = match is_new {
        true => format!(
            "There was no account {0}, so a new one is made. If that is a slip: postern user delete {0}\n\
             {0} is administrator and may sign in, with the user name {1}.",
            user.email, user.username
        ),
        false => format!("{} is administrator and may sign in; all earlier sessions have ended.", user.email),
    };
    let words = format!("{done}\nPassword (shown once): {}", password.expose_secret());
    say(out, json, &description, &words)
}
