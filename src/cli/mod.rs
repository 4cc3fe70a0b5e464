//! The command line: the same verbs as the endpoints, for whoever has the shell.

pub mod client;
pub mod config;
pub mod keys;
mod serve;
mod user;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::endpoints::document;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::random::Random;

/// A self-hosted identity sidecar for chat apps
#[derive(Debug, Parser)]
#[command(name = "postern", version, about, propagate_version = true)]
pub struct Cli {
    /// Read settings from this file too; the environment wins
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate, then serve (what happens without a command)
    Serve,
    /// Bring the database up to this release
    Migrate {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Check or show the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Make and change accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Add and change clients
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// List and rotate the keys that sign tokens
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print the OpenAPI document
    Openapi,
    /// Make an administrator who can sign in, whatever stands in the way
    RecoverAdmin {
        /// The administrator's e-mail address
        #[arg(long)]
        email: Option<String>,
    },
}

impl Cli {
    /// Carries out the command line. What it answers goes to `out`, what went wrong to `err`.
    pub async fn run(self, out: &mut impl Write, err: &mut impl Write) -> ExitCode {
        let (json, env_file) = (self.json, self.env_file);
        let env = || Env::load(env_file.as_deref());
        let done = match self.command.unwrap_or(Command::Serve) {
            Command::Config(command) => return config::run(command, env(), json, out),
            Command::Openapi => write!(out, "{}", document::text()).map_err(Error::internal),
            command => match Config::load(env(), &Random::system()) {
                Ok((config, notes)) => with_app(command, config, &notes, json, out).await,
                Err(problems) => return config::refuse(&problems, err),
            },
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // Nobody is left to tell when the terminal itself is gone.
                let _ = report(&error, err);
                ExitCode::FAILURE
            }
        }
    }
}

async fn with_app(
    command: Command,
    config: Config,
    notes: &crate::env::Notes,
    json: bool,
    out: &mut impl Write,
) -> Result<()> {
    if matches!(command, Command::Serve) {
        return serve::run(config, notes, out).await;
    }
    let app = App::build(config, Clock::system(), Random::system()).await?;
    if let Command::Migrate { dry_run } = command {
        return migrate(&app, dry_run, json, out).await;
    }
    app.database.migrate().await?;
    let done = match command {
        Command::User(command) => user::run(&app, command, json, out).await,
        Command::Client(command) => client::run(command, &app.clients, json, out).await,
        Command::Keys(command) => keys::run(command, &app.keys, json, out).await,
        Command::RecoverAdmin { email } => user::recover_admin(&app, email, json, out).await,
        Command::Serve | Command::Migrate { .. } | Command::Config(_) | Command::Openapi => Ok(()),
    };
    app.database.clone().close().await?;
    done
}

async fn migrate(app: &App, dry_run: bool, json: bool, out: &mut impl Write) -> Result<()> {
    let migrated = if dry_run { app.database.pending_migrations().await? } else { app.database.migrate().await? };
    if json {
        let document = serde_json::json!({ "dry_run": dry_run, "steps": migrated.steps });
        return writeln!(out, "{document}").map_err(Error::internal);
    }
    let words = match (migrated.steps.as_slice(), dry_run) {
        ([], _) => "The database is up to date.".to_owned(),
        (steps, true) => format!("These steps are missing: {}", steps.join(", ")),
        (steps, false) => format!("Applied: {}", steps.join(", ")),
    };
    writeln!(out, "{words}").map_err(Error::internal)
}

fn report(error: &Error, err: &mut impl Write) -> std::io::Result<()> {
    writeln!(err, "{}", error.detail)?;
    for problem in &error.fields {
        writeln!(err, "  {}: {}", problem.field, problem.message)?;
    }
    match error.cause() {
        Some(cause) => writeln!(err, "  {cause}"),
        None => Ok(()),
    }
}
