//! The program's own code, started in the test's process: its clock can be moved.

use std::ffi::OsString;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::Timestamp;
use postern::app::App;
use postern::clock::Clock;
use postern::config::Config;
use postern::env::Env;
use postern::random::Random;
use postern::server::{self, Listeners};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database::OnServer;
use super::{Kind, Settings, Site, clients_file, environment, kinds};

/// When the clocks of tests start, in milliseconds of Unix time.
const START: i64 = 1_800_000_000_000;

/// A server with a database and a clock of its own.
pub(crate) struct TestServer {
    pub(crate) app: App,
    pub(crate) site: Site,
    pub(crate) metrics: Option<String>,
    now: Arc<AtomicI64>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    database: Option<OnServer>,
    folder: Arc<TempDir>,
}

impl TestServer {
    /// One on SQLite.
    pub(crate) async fn start(settings: Settings<'_>) -> Self {
        Self::on(&Kind::Sqlite, settings).await
    }

    /// One on a fresh database of this kind.
    pub(crate) async fn on(kind: &Kind, settings: Settings<'_>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let database = match kind {
            Kind::Sqlite => None,
            Kind::Postgres(server) => Some(OnServer::create(server).await),
        };
        Self::run(folder, database, Arc::new(AtomicI64::new(START)), settings).await
    }

    /// One that reaches this PostgreSQL database by the address that `settings` give.
    pub(crate) async fn over(database: OnServer, settings: Settings<'_>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::run(folder, Some(database), Arc::new(AtomicI64::new(START)), settings).await
    }

    /// A second node over the same database, with the same clock.
    pub(crate) async fn another_node(&self, settings: Settings<'_>) -> Self {
        Self::run(Arc::clone(&self.folder), self.database.clone(), Arc::clone(&self.now), settings).await
    }

    async fn run(
        folder: Arc<TempDir>,
        database: Option<OnServer>,
        now: Arc<AtomicI64>,
        settings: Settings<'_>,
    ) -> Self {
        let clients = folder.path().join("clients.toml");
        std::fs::write(&clients, clients_file()).expect("a file");
        let file = folder.path().join("data/postern.db");
        let address = database.as_ref().map_or_else(|| format!("sqlite://{}", file.display()), OnServer::url);
        let variables = environment(&address, clients.to_str().expect("UTF-8"), settings);
        let variables = variables.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let random = Random::system();
        let (config, _) = Config::load(Env::new(variables, None), &random).expect("good settings");
        let path = config.web.base_path().to_owned();

        let hands = Arc::clone(&now);
        let clock = Clock::from_fn(move || Timestamp::from_millis(hands.load(Ordering::SeqCst)));
        let app = App::build(config, clock, random).await.expect("an application");
        app.database.migrate().await.expect("a schema");
        app.keys.maintain().await.expect("signing keys");
        let listeners = Listeners::bind(&app).await.expect("a free port");
        let site = Site::at(format!("{}{path}", listeners.public[0]));
        let metrics = listeners.metrics.as_ref().map(ToString::to_string);
        let stop = CancellationToken::new();
        let (served, until) = (app.clone(), stop.clone());
        let web = server::web(&served);
        let serving = tokio::spawn(async move { server::serve(served, web, listeners, until).await.expect("served") });
        Self { app, site, metrics, now, stop, serving, database, folder }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    /// Stops, and lets what is under way end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.expect("it ends in peace");
    }

    /// Stops, and removes the database.
    pub(crate) async fn remove(self) {
        let database = self.database.clone();
        self.stop().await;
        if let Some(database) = database {
            database.remove().await;
        }
    }
}

impl Deref for TestServer {
    type Target = Site;
    fn deref(&self) -> &Site {
        &self.site
    }
}

/// Runs `test` against a server on each kind of database, one after the other.
pub(crate) async fn each(settings: Settings<'_>, test: impl AsyncFn(&TestServer)) {
    for kind in kinds() {
        let server = TestServer::on(&kind, settings).await;
        test(&server).await;
        server.remove().await;
    }
}
