//! Serving: the same for the program and for tests that start it in their own process.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::config::web::Listen;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::DerivedKey;
use crate::services::certificates::Certificates;
use crate::services::shared;
use crate::web::Web;
use crate::web::server::{self, Limits, Listener};
use crate::{jobs, routes};

/// Addresses that are being listened on.
#[derive(Debug)]
pub struct Listeners {
    /// For everybody.
    pub public: Vec<Listener>,
    /// For Prometheus.
    pub metrics: Option<Listener>,
    /// What [`Self::public`] shows where it speaks https.
    pub certificates: Option<Certificates>,
}

impl Listeners {
    /// Listens on every configured address, with a certificate where we speak https ourselves.
    ///
    /// # Errors
    /// Names the address that cannot be had, and why; what is wrong with the certificate.
    pub async fn bind(app: &App) -> Result<Self> {
        let settings = &app.config.web;
        let open = |settings: &_| Certificates::open(settings, app.clock.clone(), app.random.clone());
        let certificates = app.config.tls.as_ref().map(open).transpose()?;
        let mut public = Vec::new();
        for address in &settings.listen {
            public.push(bind("POSTERN_LISTEN", address, certificates.clone()).await?);
        }
        let metrics = match settings.metrics_listen {
            Some(address) => Some(bind("POSTERN_METRICS_LISTEN", &Listen::Tcp(address), None).await?),
            None => None,
        };
        Ok(Self { public, metrics, certificates })
    }
}

async fn bind(setting: &str, address: &Listen, certificates: Option<Certificates>) -> Result<Listener> {
    Listener::bind(address, certificates).await.map_err(|error| {
        let words = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "{setting}: {address} is taken, by another Postern perhaps. Stop that one, or write another port."
            ),
            _ => format!("{setting}: cannot listen on {address}: {error}."),
        };
        Error::new(ErrorKind::Unavailable, words)
    })
}

/// The HTTP side of `app`.
#[must_use]
pub fn web(app: &App) -> Web {
    let csrf = DerivedKey::derive(app.config.encryption_key.expose(), "csrf");
    Web::new(app.config.web.clone(), app.clock.clone(), app.random.clone(), csrf)
}

/// Serves `app` through `web` until `stop`, then lets requests in flight end and closes the database.
///
/// # Errors
/// When the accept loop fails.
pub async fn serve(app: App, web: Web, listeners: Listeners, stop: CancellationToken) -> Result<()> {
    let limits = Limits::from(&app.config.web);
    let background = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(shared::listen(app.database.clone(), Arc::clone(&app.shared), background.clone()));
    tasks.spawn(jobs::run(app.clone(), web.clone(), listeners.certificates, background.clone()));
    tasks.spawn(jobs::deliver(app.clone(), background.clone()));
    if let Some(listener) = listeners.metrics {
        let (routes, stop) = (routes::metrics(&app, &web), background.clone());
        tasks.spawn(async move { server::serve(routes, vec![listener], limits, stop.cancelled_owned()).await });
    }
    let served = server::serve(routes::public(&app, &web), listeners.public, limits, stop.cancelled_owned()).await;
    background.cancel();
    tasks.close();
    tasks.wait().await;
    app.database.clone().close().await?;
    served.map_err(Error::internal)
}
