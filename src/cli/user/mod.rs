//! `postern user ...` and `postern recover-admin`: accounts from the shell.

mod ask;
mod options;
mod show;

pub(super) use ask::can_ask;
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
use crate::services::users::{ADMIN, Created, NewUser};

use ask::{account, address, chosen_password, chosen_roles, made_password};
use options::{BanOptions, Create, Password, Who};
use show::{described, list, say, show};

/// Carries out `command`.
///
/// # Errors
/// What the services refuse, in words for the operator.
pub(super) async fn run(app: &App, command: UserCommand, json: bool, out: &mut impl Write) -> Result<()> {
    let doer = Doer::command;
    match command {
        UserCommand::Create(create) => return self::create(app, create, json, out).await,
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
        UserCommand::SetRole { who, roles } => {
            let user = account(app, who).await?;
            (app.accounts.set_roles(user.id, Some(chosen_roles(roles)?), None, doer()).await?, "has new roles")
        }
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
        UserCommand::Delete(who) => {
            let user = account(app, who).await?;
            app.accounts.delete(user.id, doer()).await?;
            (user, "is deleted")
        }
        _ => return Err(Error::internal("a command was carried out twice")),
    };
    say(out, json, &described(app, &user).await?, &format!("{} {done}.", user.email))
}

async fn create(app: &App, create: Create, json: bool, out: &mut impl Write) -> Result<()> {
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
