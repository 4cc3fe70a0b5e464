//! `postern doctor`: walks a sign-in and names the hop that fails: a client's from outside, or one at another
//! provider as Postern itself goes there.

mod address;
mod clock;
mod connector;
mod login;
mod outside;
mod report;
mod surroundings;

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use entity::ClientId;
use reqwest::header::DATE;

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::certificates;
use crate::services::clients::{Client, client_id};
use outside::Outside;
use report::{Check, Report};

/// How far the server's clock may be off, in milliseconds: the tokens' times are checked to the second, with a
/// little slack.
const SKEW: i64 = 10_000;
/// Where LibreChat's sign-ins end.
const OF_LIBRECHAT: &str = "/oauth/openid/callback";

/// What can be examined.
#[derive(Debug, Subcommand)]
pub(super) enum DoctorCommand {
    /// Walk a client's sign-in from outside and name what fails
    Oidc {
        /// The client
        #[arg(long, value_name = "ID", value_parser = client_id)]
        client: ClientId,
        /// Trust the authorities of this PEM file too, as the client does
        #[arg(long, value_name = "FILE")]
        ca_file: Option<PathBuf>,
    },
    /// Walk a sign-in at another provider and name what fails
    Connector {
        /// The connector's id, such as google
        id: String,
    },
}

/// What every check looks at.
struct Examination<'a> {
    app: &'a App,
    client: &'a Client,
    outside: Outside,
}

impl Examination<'_> {
    /// Whether the client is a LibreChat, by where its sign-ins end.
    fn is_librechat(&self) -> bool {
        self.client.redirect_uris.iter().any(|address| address.as_str().ends_with(OF_LIBRECHAT))
    }
}

/// Carries out `command`; with `json` one document and nothing else goes to `out`.
///
/// # Errors
/// When a check fails, there is no such client or connector, or the database is away.
pub(super) async fn run(app: &App, command: DoctorCommand, json: bool, out: &mut impl Write) -> Result<()> {
    match command {
        DoctorCommand::Oidc { client, ca_file } => oidc(app, &client, ca_file, json, out).await,
        DoctorCommand::Connector { id } => {
            let words = || {
                let hint = match app.connectors.list() {
                    [] => " None is set up: ALLOW_SOCIAL_LOGIN=true, and GITHUB_CLIENT_ID or the like, do that.",
                    _ => " `postern connector list` tells which there are.",
                };
                Error::new(ErrorKind::NotFound, format!("No connector is called {id}.{hint}"))
            };
            let connector = app.connectors.named(&id).ok_or_else(words)?;
            let callback = app.connectors.callback(connector);
            let about = [("connector", id.as_str()), ("callback", callback.as_str())];
            connector::examine(app, connector).await.tell(about, json, out)
        }
    }
}

async fn oidc(app: &App, id: &ClientId, ca_file: Option<PathBuf>, json: bool, out: &mut impl Write) -> Result<()> {
    let unknown = || Error::new(ErrorKind::NotFound, format!("There is no client {id}."));
    let client = app.clients.find(id).await?.ok_or_else(unknown)?;
    // The authority that was made here is for trying out: whoever examines it need not be told.
    let made = app.config.tls.as_ref().and_then(certificates::Settings::authority).filter(|path| path.exists());
    let outside = Outside::new(made.into_iter().chain(ca_file.as_deref()), app.clock.clone())?;
    let it = Examination { app, client: &client, outside };
    let report = examine(&it).await?;
    report.tell([("client", id.as_str()), ("issuer", app.config.web.issuer())], json, out)
}

/// Every hop in the order of a sign-in. After one that nothing can pass the rest is not looked at.
async fn examine(it: &Examination<'_>) -> Result<Report> {
    let mut report = Report::default();
    report.add(address::issuer(it));
    if report.add(address::name(it).await) {
        let (check, found) = address::discovery(it).await;
        report.add(check);
        match found {
            Some((document, answer)) => {
                let date = answer.header(&DATE);
                report.add(clock::clock("the server", date, answer.asked, answer.answered, SKEW));
                report.extend(address::same(it, &document));
                report.add(address::keys(it, &document).await?);
                report.extend(login::walk(it, &document).await);
            }
            None => {
                report.add(Check::skipped("redirect", "nobody can begin a sign-in without discovery."));
            }
        }
    }
    report.add(surroundings::proxy(it).await);
    report.extend(surroundings::hosts(it).await);
    Ok(report)
}
