//! What the command line takes.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::ask::{Sure, can_ask};
use crate::env::numbers;
use crate::services::users::email::Email;
use crate::services::users::name::check_name;
use crate::services::users::username::Username;

/// The longest ban that has an end, in seconds: a hundred years.
const LONGEST_BAN: u64 = 100 * 365 * 86_400;

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
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
        #[arg(required = !can_ask(), value_parser = name)]
        roles: Vec<String>,
        /// Even though no administrator is left then
        #[arg(long)]
        force: bool,
    },
    /// Put the account into these groups and no others
    SetGroups {
        /// Its id, e-mail address or user name
        user: String,
        /// The groups; none takes it out of all
        #[arg(value_parser = name)]
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
    Delete {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        sure: Sure,
        /// Even though no administrator is left then
        #[arg(long)]
        force: bool,
    },
}

/// Which account. What is missing here and below is asked for where somebody can answer.
#[derive(Args, Debug)]
pub(crate) struct Who {
    /// Its id, e-mail address or user name
    #[arg(required = !can_ask())]
    pub(super) user: Option<String>,
}

/// A new account.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Its e-mail address
    #[arg(long, value_parser = Email::parse, required = !can_ask())]
    pub(super) email: Option<Email>,
    /// The name that others see
    #[arg(long, value_parser = shown_name)]
    pub(super) name: Option<String>,
    /// The user name; made from the name when missing
    #[arg(long, value_parser = Username::parse)]
    pub(super) username: Option<Username>,
    /// A role; may be repeated
    #[arg(long = "role", value_name = "ROLE", value_parser = name)]
    pub(super) roles: Vec<String>,
    /// A group; may be repeated
    #[arg(long = "group", value_name = "GROUP", value_parser = name)]
    pub(super) groups: Vec<String>,
    /// Count the address as confirmed
    #[arg(long)]
    pub(super) verified: bool,
    #[command(flatten)]
    pub(super) password: Password,
}

/// Where the password comes from; a terminal is asked when neither is given.
#[derive(Args, Debug)]
#[group(required = !can_ask(), multiple = false)]
pub(crate) struct Password {
    /// Read the password from standard input
    #[arg(long)]
    pub(super) password_stdin: bool,
    /// Make a password and print it once
    #[arg(long)]
    pub(super) generate_password: bool,
}

/// A ban.
#[derive(Args, Debug)]
pub(crate) struct BanOptions {
    #[command(flatten)]
    pub(super) who: Who,
    /// For how long, such as 2h or 7d; until it is lifted when missing
    #[arg(long = "for", value_name = "DURATION", value_parser = length_of_ban)]
    pub(super) lasts: Option<Duration>,
    /// Why; the person reads it
    #[arg(long)]
    pub(super) reason: Option<String>,
}

/// The name of a role or group.
pub(super) fn name(text: &str) -> Result<String, &'static str> {
    let is_odd = text.trim().is_empty() || text.len() > 80 || text.chars().any(char::is_control);
    if is_odd {
        Err("a name is 1 to 80 bytes long, without line breaks or control characters")
    } else {
        Ok(text.into())
    }
}

fn shown_name(text: &str) -> Result<String, String> {
    check_name(text).map_or_else(|| Ok(text.to_owned()), |problem| Err(problem.message.into_owned()))
}

fn length_of_ban(text: &str) -> Result<Duration, String> {
    numbers::duration(text, 1..=LONGEST_BAN).map_err(|fault| fault.to_string())
}
