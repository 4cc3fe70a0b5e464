//! `postern serve`.

use std::io::{self, Write};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::env::Notes;
use crate::error::{Error, Result};
use crate::jobs;
use crate::random::Random;
use crate::server::{self, Listeners};
use crate::services::certificates::Certificates;
use crate::services::installation;
use crate::web::{Web, trace};

pub(super) async fn run(config: Config, notes: &Notes, json: bool, out: &mut impl Write) -> Result<()> {
    trace::init(&config.log).map_err(Error::internal)?;
    for warning in &notes.warnings {
        tracing::warn!("{warning}");
    }
    for notice in &notes.notices {
        tracing::info!("{notice}");
    }
    let app = App::build(config, Clock::system(), Random::system()).await?;
    let migrated = app.database.migrate().await?;
    for step in migrated.steps {
        tracing::info!(step, "migrated");
    }
    app.keys.maintain().await?;
    advise(&app).await?;
    let listeners = Listeners::bind(&app).await?;
    let addresses: Vec<String> = listeners.public.iter().map(ToString::to_string).collect();
    let stop = CancellationToken::new();
    let web = server::web(&app);
    tokio::spawn(until_told(app.clone(), web.clone(), listeners.certificates.clone(), stop.clone())?);
    // The sockets are bound: whoever reads this and connects will be answered.
    say(&addresses, json, out).and_then(|()| out.flush()).map_err(Error::internal)?;
    let connectors = app.connectors.clone();
    tokio::spawn(async move { connectors.look_up().await });
    server::serve(app, web, listeners, stop).await
}

/// Says where the server answers: a line for each address, or one document.
fn say(addresses: &[String], json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", json!({ "listening": addresses }));
    }
    addresses.iter().try_for_each(|address| writeln!(out, "listening on {address}"))
}

/// Says what an operator should know of the state of things.
async fn advise(app: &App) -> Result<()> {
    let issuer = app.config.web.issuer();
    let is_empty = app.users.is_empty().await?;
    let first = installation::first_issuer(&app.database, issuer, is_empty, app.clock.now()).await?;
    if first != issuer {
        tracing::warn!(
            "POSTERN_URL is {issuer}, but people of this installation were given {first}: chat apps that know them by \
             the old issuer will not recognise them"
        );
    }
    if is_empty && !app.config.users.takes_sign_ups() {
        tracing::warn!(
            "there is no account and sign-up is off; make the administrator's: postern user create --email you@example.com"
        );
    }
    Ok(())
}

/// Cancels `stop` at SIGTERM or SIGINT; reads the operator's files again at SIGHUP.
fn until_told(
    app: App,
    web: Web,
    certificates: Option<Certificates>,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()>> {
    let wait = |kind| signal(kind).map_err(Error::internal);
    let mut terminate = wait(SignalKind::terminate())?;
    let mut interrupt = wait(SignalKind::interrupt())?;
    let mut hang_up = wait(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => jobs::reload(&app, &web, certificates.as_ref()).await,
            }
        }
        tracing::info!("stopping");
        stop.cancel();
    })
}
