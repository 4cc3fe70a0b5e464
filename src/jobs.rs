//! Periodic work: each task is a verb of its service and one line in the list of [`run_due`].
//!
//! A pass removes a bounded number of rows per table, so that a backlog never holds the writer for
//! long; what is left goes with the next pass.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::error::Result;
use crate::services::certificates::Certificates;
use crate::web::Web;

/// How often expired rows are looked for.
const SWEEP: Duration = Duration::from_secs(30);
/// How often the operator's files (clients, templates, the certificate) are looked at, and what a client that
/// was declared displaces.
const RELOAD: Duration = Duration::from_secs(1);
/// How often messages that are due are looked for.
const DELIVER: Duration = Duration::from_secs(1);
/// Rounds that may be under way: those that wait for slow receivers, and one more.
const ROUNDS_AT_ONCE: usize = 64;
/// How long a message that is being sent may take when Postern stops.
const FAREWELL: Duration = Duration::from_secs(3);
/// Rows of one table that go in one statement.
const MOST: u64 = 500;
/// Authorization requests that may wait at a time.
const WAITING: u64 = 100_000;
/// Statements of one table in one pass.
const ROUNDS: usize = 20;

/// Runs every task when it is due, until `stop`.
pub async fn run(app: App, web: Web, certificates: Option<Certificates>, stop: CancellationToken) {
    let (mut sweep, mut reload) = (tokio::time::interval(SWEEP), tokio::time::interval(RELOAD));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = sweep.tick() => run_due(&app).await,
            _ = reload.tick() => reload_changed(&app, &web, certificates.as_ref()).await,
        }
    }
}

/// Delivers what waits in the outbox, until `stop`: at once when this node has put something in, else
/// within a second. What a slow receiver takes its time for holds up nobody else.
pub async fn deliver(app: App, stop: CancellationToken) {
    let (mut round, sending) = (tokio::time::interval(DELIVER), TaskTracker::new());
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.back_channel.outbox.news() => {}
            _ = round.tick() => {}
        }
        // A database that hangs answers none of them.
        if sending.len() >= ROUNDS_AT_ONCE {
            continue;
        }
        let app = app.clone();
        sending.spawn(async move {
            if let Err(error) = app.back_channel.deliver_due().await {
                tracing::warn!(?error, "cannot look after the outbox now");
            }
        });
    }
    sending.close();
    // What is given up here is sent once more by whoever takes it next.
    let _ = tokio::time::timeout(FAREWELL, sending.wait()).await;
}

async fn reload_changed(app: &App, web: &Web, certificates: Option<&Certificates>) {
    app.clients.reload_if_changed().await;
    if let Some(certificates) = certificates {
        certificates.renew().await;
    }
    with_disk(web, |web| web.pages.reload_if_changed()).await;
    if let Err(error) = app.grants.end_displaced(&app.clients).await {
        tracing::debug!(?error, "cannot look for apps that were declared meanwhile now");
    }
}

/// Reads the operator's files (clients, templates, certificate) again, whether or not they seem to have
/// changed.
pub async fn reload(app: &App, web: &Web, certificates: Option<&Certificates>) {
    app.clients.reload().await;
    if let Some(certificates) = certificates {
        certificates.renew().await;
    }
    with_disk(web, |web| web.pages.reload()).await;
}

/// Runs `look` where it may wait for the disk.
async fn with_disk(web: &Web, look: fn(&Web)) {
    let web = web.clone();
    if let Err(error) = tokio::task::spawn_blocking(move || look(&web)).await {
        tracing::error!(%error, "looking at the templates was broken off");
    }
}

/// Removes what has expired, in every table, and takes the steps that are due with signing keys.
pub async fn run_due(app: &App) {
    app.shared.counters.sweep();
    if let Err(error) = app.keys.maintain().await {
        tracing::warn!(?error, "cannot look after the signing keys now");
    }
    report("sessions", drain(|| app.sessions.sweep(MOST)).await);
    report("refresh families", drain(|| app.tokens.sweep(MOST)).await);
    report("grants", drain(|| app.grants.sweep(MOST)).await);
    report("authorization requests", drain(|| app.grants.sweep_requests(MOST)).await);
    report("requests too many", drain(|| app.grants.bound_requests(WAITING, MOST)).await);
    report("pushed requests", drain(|| app.grants.sweep_pushed(MOST)).await);
    report("devices", drain(|| app.grants.sweep_devices(MOST)).await);
    report("opaque tokens", drain(|| app.tokens.sweep_opaque(MOST)).await);
    report("revoked tokens", drain(|| app.tokens.sweep_revoked(MOST)).await);
    report("documents of clients", drain(|| app.clients.sweep_documents(MOST)).await);
    report("spent assertions", drain(|| app.clients.sweep_assertions(MOST)).await);
    report("connector flows", drain(|| app.connectors.sweep(MOST)).await);
    report("spent logout tokens", drain(|| app.connectors.sweep_logout_tokens(MOST)).await);
    // Before those go whose time is over.
    if let Err(error) = app.registration.watch_idle(MOST).await {
        tracing::warn!(?error, "cannot look for idle registrations now");
    }
    report("registrations", drain(|| app.clients.sweep_waiting(MOST)).await);
    report("registration tokens", drain(|| app.registration.initial.sweep(MOST)).await);
    report("bans", drain(|| app.moderation.sweep(MOST)).await);
    report("invalidations", drain(|| app.shared.sweep(&app.database, MOST)).await);
    report("audit events", drain(|| app.audit.sweep(MOST)).await);
}

/// Repeats `sweep` until a round finds less than a full load, or the pass is over.
async fn drain<F: Future<Output = Result<u64>>>(sweep: impl Fn() -> F) -> Result<u64> {
    let mut gone = 0;
    for _ in 0..ROUNDS {
        let round = sweep().await?;
        gone += round;
        if round < MOST {
            break;
        }
    }
    Ok(gone)
}

fn report(what: &str, outcome: Result<u64>) {
    match outcome {
        Ok(0) => {}
        Ok(gone) => tracing::debug!(what, gone, "removed expired rows"),
        Err(error) => tracing::warn!(what, ?error, "cannot remove expired rows now"),
    }
}
