//! What is asked of the person at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use super::options::Password;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::sign_up::judge;

/// The given value, or what a person at the terminal answers.
pub(super) fn asked(question: &str, given: Option<String>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !std::io::stdin().is_terminal() {
        let words =
            format!("There is no terminal to ask for \"{}\"; give it as an option.", question.trim_end_matches(": "));
        return Err(Error::new(ErrorKind::InvalidInput, words));
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).map_err(Error::internal)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(Error::internal)?;
    Ok(line.trim().to_owned())
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
    } else if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ").map_err(Error::internal)?.into()
    } else {
        let words = "There is no terminal to ask for a password; add --password-stdin or --generate-password.";
        return Err(Error::new(ErrorKind::InvalidInput, words));
    };
    match judge(&app.hasher, &app.config.users, &chosen, known).await? {
        Some(problem) => Err(Error::invalid(vec![problem])),
        None => Ok((chosen, false)),
    }
}

/// A password of 144 random bits.
pub(super) fn made_password(app: &App) -> SecretString {
    URL_SAFE_NO_PAD.encode(app.random.bytes::<18>()).into()
}
