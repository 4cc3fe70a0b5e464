//! What the command line takes.

use clap::{Args, Subcommand};

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
pub(crate) struct Who {
    /// Its id, e-mail address or user name
    pub(super) user: String,
}

/// A new account.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Its e-mail address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// The name that others see
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The user name; made from the name when missing
    #[arg(long)]
    pub(super) username: Option<String>,
    /// A role; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    pub(super) roles: Vec<String>,
    /// A group; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub(super) groups: Vec<String>,
    /// Count the address as confirmed
    #[arg(long)]
    pub(super) verified: bool,
    #[command(flatten)]
    pub(super) password: Password,
}

/// Where the password comes from; a terminal is asked when neither is given.
#[derive(Args, Debug)]
pub(crate) struct Password {
    /// Read the password from standard input
    #[arg(long, conflicts_with = "generate_password")]
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
    #[arg(long = "for", value_name = "DURATION")]
    pub(super) lasts: Option<String>,
    /// Why; the person reads it
    #[arg(long)]
    pub(super) reason: Option<String>,
}
