//! `postern serve`.

use std::io::Write;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::env::Notes;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::server::{self, Listeners};
use crate::services::certificates::Certificates;
use crate::services::installation;
use crate::web::trace;

pub(super) async fn run(config: Config, notes: &Notes, out: &mut impl Write) -> Result<()> {
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
    advise(&app).await?;
    let listeners = Listeners::bind(&app).await?;
    let addresses: Vec<String> = listeners.public.iter().map(ToString::to_string).collect();
    let stop = CancellationToken::new();
    tokio::spawn(until_told(app.clone(), listeners.certificates.clone(), stop.clone())?);
    // The sockets are bound: whoever reads this line and connects will be answered.
    for address in &addresses {
        writeln!(out, "listening on {address}").and_then(|()| out.flush()).map_err(Error::internal)?;
    }
    server::serve(app, listeners, stop).await
}

/// Says what an operator should know of the state of things.
async fn advise(app: &App) -> Result<()> {
    let issuer = app.config.web.issuer();
    let first = installation::first_issuer(&app.database, issuer, app.clock.now()).await?;
    if first != issuer {
        tracing::warn!(
            "POSTERN_URL is {issuer}, but people of this installation were given {first}: chat apps that know them by \
             the old issuer will not recognise them"
        );
    }
    if !app.config.users.takes_sign_ups() && app.users.is_empty().await? {
        tracing::warn!(
            "there is no account and sign-up is off; make the administrator's: postern user create --email you@example.com"
        );
    }
    Ok(())
}

/// Cancels `stop` at SIGTERM or SIGINT; reads declared files and the certificate again at SIGHUP.
fn until_told(
    app: App,
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
                _ = hang_up.recv() => {
                    app.clients.reload_if_changed().await;
                    if let Some(certificates) = &certificates {
                        certificates.renew().await;
                    }
                }
            }
        }
        tracing::info!("stopping");
        stop.cancel();
    })
}
