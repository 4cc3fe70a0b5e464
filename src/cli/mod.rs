//! The command line: the same verbs as the endpoints, for whoever has the shell.

mod ask;
pub mod client;
pub mod config;
pub mod connector;
mod doctor;
mod failure;
mod health;
pub mod keys;
mod serve;
mod table;
mod user;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Missing};
use crate::endpoints::document;
use crate::endpoints::oidc::discovery;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::services::certificates;
use crate::services::database::{self, Database};
use crate::services::users::email::Email;
use failure::{Failure, Output};

/// A self-hosted identity sidecar for chat apps
#[derive(Debug, Parser)]
#[command(name = "postern", version, about, propagate_version = true)]
pub struct Cli {
    /// Read settings from this file too; the environment wins
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Print one JSON document and nothing else; a failure is one too
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
    /// List the providers that let people in, and try out what their claims become
    #[command(subcommand)]
    Connector(connector::ConnectorCommand),
    /// List and rotate the keys that sign tokens
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Find out why signing in fails
    #[command(subcommand)]
    Doctor(doctor::DoctorCommand),
    /// Say whether the server that these settings start is ready
    Health,
    /// Print the OpenAPI document
    Openapi,
    /// Make an administrator who can sign in, whatever stands in the way
    RecoverAdmin {
        /// The administrator's e-mail address; a terminal is asked when it is missing
        #[arg(long, value_parser = Email::parse, required = !ask::can_ask())]
        email: Option<Email>,
    },
}

impl Command {
    /// What becomes of what is not there yet. Five commands may be the first of an installation; to
    /// any other an empty place is the wrong place.
    fn missing<'a>(&self, random: &'a Random) -> Missing<'a> {
        use {client::ClientCommand, user::UserCommand};
        match self {
            Self::Migrate { dry_run: true } | Self::Connector(_) => Missing::Foretell(random),
            Self::Serve | Self::Migrate { .. } | Self::RecoverAdmin { .. } => Missing::Make(random),
            Self::User(UserCommand::Create(_)) | Self::Client(ClientCommand::Add(_)) => Missing::Make(random),
            _ => Missing::Beside(random),
        }
    }
}

impl Cli {
    /// Reads the command line. What is not to be carried out (wrong usage, a question for help) is
    /// answered at once, and its exit status given back.
    pub fn read(arguments: &[OsString], out: &mut impl Write) -> Result<Self, ExitCode> {
        Self::try_parse_from(arguments).map_err(|refusal| {
            // Nobody is left to tell when the terminal itself is gone.
            let _ = refusal.print();
            if refusal.use_stderr() && arguments.iter().any(|it| it == "--json") {
                let _ = failure::wrong_usage(&refusal, out);
            }
            ExitCode::from(u8::try_from(refusal.exit_code()).unwrap_or(2))
        })
    }

    /// Carries out the command line. What it answers goes to `out`, what went wrong to `err`.
    pub async fn run(self, out: &mut impl Write, err: &mut impl Write) -> ExitCode {
        let (json, mut out) = (self.json, Output::new(out));
        self.carry_out(&mut out, err).await.unwrap_or_else(|failure| {
            let _ = failure.tell(json, &mut out, err);
            ExitCode::FAILURE
        })
    }

    async fn carry_out(self, out: &mut impl Write, err: &mut impl Write) -> Result<ExitCode, Failure> {
        let (json, env_file) = (self.json, self.env_file);
        let env = || Env::load(env_file.as_deref());
        match self.command.unwrap_or(Command::Serve) {
            Command::Config(command) => return Ok(config::run(command, env(), json, out)),
            Command::Openapi => write!(out, "{}", document::text()).map_err(Error::internal)?,
            Command::Health => health::run(env(), json, out).await?,
            command => {
                let random = Random::system();
                let loaded = Config::load_with(env(), command.missing(&random));
                let (config, notes) = loaded.map_err(Failure::Settings)?;
                match command {
                    Command::Serve => serve::run(config, &notes, json, out).await?,
                    Command::Connector(command) => {
                        let _ = config::warn(&notes, err);
                        connector::run(&command, &config, json, out)?;
                    }
                    command => {
                        let _ = config::warn(&notes, err);
                        with_database(command, config, json, (out, err)).await?;
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn with_database(
    command: Command,
    config: Config,
    json: bool,
    (out, err): (&mut impl Write, &mut impl Write),
) -> Result<()> {
    if let Command::Migrate { dry_run } = command {
        return migrate(&config.database, dry_run, json, out).await;
    }
    let app = App::build(config, Clock::system(), Random::system()).await?;
    app.database.migrate().await?;
    let done = match command {
        Command::User(command) => user::run(&app, command, json, (out, err)).await,
        Command::Client(command) => client::run(command, &app.clients, &installation(&app), json, out, err).await,
        Command::Keys(command) => keys::run(command, &app.keys, json, out).await,
        Command::Doctor(command) => doctor::run(&app, command, json, out).await,
        Command::RecoverAdmin { email } => user::recover_admin(&app, email, json, out).await,
        Command::Serve
        | Command::Migrate { .. }
        | Command::Config(_)
        | Command::Connector(_)
        | Command::Health
        | Command::Openapi => Ok(()),
    };
    app.database.clone().close().await?;
    done
}

fn installation(app: &App) -> client::Installation<'_> {
    client::Installation {
        provider: discovery::metadata(app),
        title: &app.config.web.looks.title,
        random: &app.random,
        grants: &app.grants,
        initial_tokens: &app.registration.initial,
        authority: app.config.tls.as_ref().and_then(certificates::Settings::authority),
    }
}

async fn migrate(settings: &database::Settings, dry_run: bool, json: bool, out: &mut impl Write) -> Result<()> {
    let migrated = if dry_run {
        database::foretell(settings).await?
    } else {
        let database = Database::connect(settings).await?;
        let migrated = database.migrate().await;
        database.close().await?;
        migrated?
    };
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
