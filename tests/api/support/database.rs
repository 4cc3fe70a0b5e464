//! A database of its own for every server.

use std::io::Write;
use std::sync::Once;

use postern::random::Random;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement};

/// A kind of database, and where the PostgreSQL server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres(String),
}

/// Every kind there is. Where no PostgreSQL server is given that is said; under `CI` it fails the test.
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
    if server.is_none() {
        tell_what_is_left_out();
    }
    server
}

/// Once, and past the test harness, which hides what tests print that pass.
fn tell_what_is_left_out() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let words = "\nLEFT OUT: POSTERN_TEST_POSTGRES is not set, so these tests run on SQLite alone, and those that are \
                     about PostgreSQL do nothing. `bash tests/run rust` starts a server and leaves nothing out.\n\n";
        let _ = std::io::stderr().write_all(words.as_bytes());
    });
}

async fn connect(address: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(address);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the server answers")
}

async fn rows(database: &DatabaseConnection, query: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(database.get_database_backend(), query);
    database.query_all_raw(statement).await.expect("the query is good")
}

fn cell(row: &QueryResult, place: usize) -> String {
    row.try_get_by_index(place).expect("a text")
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

    /// Has it take what is written, or refuse it and be read all the same, over connections that begin from
    /// now on; those that are open are ended.
    pub(crate) async fn take_writes(&self, takes: bool) {
        self.administer(&format!("ALTER DATABASE {} SET default_transaction_read_only = {}", self.name, !takes)).await;
        self.terminate_connections().await;
    }

    /// Every value of every row, one on each line; what is printable in bytes is printed as it is.
    pub(crate) async fn dump(&self) -> String {
        let database = connect(&self.url()).await;
        let columns = "SELECT table_name::text, string_agg(CASE data_type WHEN 'bytea' \
             THEN format('encode(%I, ''escape'')', column_name) ELSE format('%I::text', column_name) END, ', ') \
             FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name";
        let mut dump = String::new();
        for table in rows(&database, columns).await {
            let (name, values): (String, String) = (cell(&table, 0), cell(&table, 1));
            let lines = format!("SELECT concat_ws(E'\\n', {values}) FROM {name}");
            dump.extend(rows(&database, &lines).await.iter().map(|row| cell(row, 0) + "\n"));
        }
        database.close().await.expect("goodbye");
        dump
    }

    /// Removes it, whoever is connected.
    pub(crate) async fn remove(&self) {
        self.administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }

    async fn administer(&self, statement: &str) {
        let server = connect(&self.server).await;
        server.execute_unprepared(statement).await.expect("the server obeys");
        server.close().await.expect("goodbye");
    }
}
