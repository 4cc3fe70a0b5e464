//! A database of its own for every server.

use postern::random::Random;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};

/// A kind of database, and where the PostgreSQL server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres(String),
}

/// Every kind there is. Under `CI` a missing PostgreSQL server fails the test.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = vec![Kind::Sqlite];
    kinds.extend(postgres().map(Kind::Postgres));
    kinds
}

/// The PostgreSQL server that tests may fill with databases.
pub(crate) fn postgres() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "which server tests may use is no setting of the product")]
    let (server, is_ci) = (std::env::var("POSTERN_TEST_POSTGRES").ok(), std::env::var("CI").is_ok());
    assert!(server.is_some() || !is_ci, "POSTERN_TEST_POSTGRES is not set: start the tests by `bash tests/run`");
    server
}

/// A database on a PostgreSQL server.
#[derive(Clone, Debug)]
pub(crate) struct OnServer {
    server: String,
    name: String,
}

impl OnServer {
    /// A fresh one.
    pub(crate) async fn create(server: &str) -> Self {
        let name = format!("api_{}", hex::encode(Random::system().bytes::<8>()));
        let made = Self { server: server.to_owned(), name };
        made.administer(&format!("CREATE DATABASE {}", made.name)).await;
        made
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).expect("an address");
        url.set_path(&self.name);
        url.into()
    }

    /// Its address when the server is reached through another port of this machine.
    pub(crate) fn url_through(&self, port: u16) -> String {
        let mut url = url::Url::parse(&self.url()).expect("an address");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");
        url.into()
    }

    /// Where the server listens.
    pub(crate) fn socket(&self) -> String {
        let url = url::Url::parse(&self.server).expect("an address");
        format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(5432))
    }

    /// Ends every connection to it, as an operator's restart does.
    pub(crate) async fn terminate_connections(&self) {
        let name = &self.name;
        self.administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
            .await;
    }

    /// Removes it, whoever is connected.
    pub(crate) async fn remove(&self) {
        self.administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }

    async fn administer(&self, statement: &str) {
        let mut options = ConnectOptions::new(&self.server);
        options.max_connections(1).sqlx_logging(false);
        let server = Database::connect(options).await.expect("the server answers");
        server.execute_unprepared(statement).await.expect("the server obeys");
        server.close().await.expect("goodbye");
    }
}
