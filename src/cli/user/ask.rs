//! What is missing, asked of the person at the terminal.

use std::io::BufRead;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Names;
use secrecy::{ExposeSecret, SecretString};

use super::options::{Password, Who, name};
use crate::app::App;
use crate::cli::ask::asked;
use crate::error::{Error, FieldProblem, Result};
use crate::services::sign_up::judge;
use crate::services::users::User;
use crate::services::users::email::Email;

/// The given account, or the one that the person at the terminal names.
pub(super) async fn account(app: &App, who: Who) -> Result<User> {
    let name = who.user.map_or_else(|| asked("Account (id, e-mail address or user name): "), Ok)?;
    app.users.named(&name).await
}

/// The given address, or the one that the person at the terminal writes.
pub(super) fn address(given: Option<Email>) -> Result<Email> {
    let read = |it: String| Email::parse(&it).map_err(|it| Error::invalid(vec![FieldProblem::new("email", it)]));
    given.map_or_else(|| asked("E-mail: ").and_then(read), Ok)
}

/// The given roles, or those that the person at the terminal writes.
pub(super) fn chosen_roles(given: Vec<String>) -> Result<Names> {
    if !given.is_empty() {
        return Ok(Names::new(given));
    }
    let line = asked("Roles, by blanks: ")?;
    let roles: Result<Vec<_>, _> = line.split_whitespace().map(name).collect();
    match roles {
        Ok(roles) if !roles.is_empty() => Ok(Names::new(roles)),
        Ok(_) => Err(Error::invalid(vec![FieldProblem::new("roles", "Write one role or more.")])),
        Err(words) => Err(Error::invalid(vec![FieldProblem::new("roles", words)])),
    }
}

/// The password that the operator gives, or one that is made; and whether it was made.
pub(super) async fn chosen_password(app: &App, password: &Password, known: &[&str]) -> Result<(SecretString, bool)> {
    if password.generate_password {
        return Ok((made_password(app), true));
    }
    let chosen: SecretString = if password.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
        line.trim_end_matches(['\r', '\n']).into()
    } else {
        typed("Password: ")?
    };
    if let Some(problem) = judge(&app.hasher, &app.config.users, &chosen, known).await? {
        return Err(Error::invalid(vec![problem]));
    }
    // Nobody sees what they type.
    if !password.password_stdin && typed("The same again: ")?.expose_secret() != chosen.expose_secret() {
        let words = "The two are not the same, so nothing was done.";
        return Err(Error::invalid(vec![FieldProblem::new("password", words)]));
    }
    Ok((chosen, false))
}

fn typed(question: &str) -> Result<SecretString> {
    rpassword::prompt_password(question).map(SecretString::from).map_err(Error::internal)
}

/// A password of 144 random bits.
pub(super) fn made_password(app: &App) -> SecretString {
    URL_SAFE_NO_PAD.encode(app.random.bytes::<18>()).into()
}
