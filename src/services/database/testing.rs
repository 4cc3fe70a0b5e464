//! Fresh databases for tests: a SQLite file each, and a PostgreSQL schema each where
//! `POSTERN_TEST_POSTGRES` names a server.

use std::ops::AsyncFn;

use sea_orm::ConnectionTrait;

use super::{Database, Location, Settings};
use crate::random::Random;

/// Runs `test` on a fresh, migrated SQLite database and then on a fresh PostgreSQL one.
pub(crate) async fn on_each_database(test: impl AsyncFn(Database)) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let database = open(Location::Sqlite(folder.path().join("postern.db"))).await;
    test(database.clone()).await;
    database.close().await.expect("the file is closed");
    if let Some(server) = server::address() {
        on_postgres(&server, test).await;
    }
}

async fn on_postgres(server: &str, test: impl AsyncFn(Database)) {
    let schema = format!("test_{}", hex::encode(Random::system().bytes::<8>()));
    let plain = sea_orm::Database::connect(server).await.expect("the PostgreSQL of the tests answers");
    plain.execute_unprepared(&format!("CREATE SCHEMA {schema}")).await.expect("a schema for the test");
    let separator = if server.contains('?') { '&' } else { '?' };
    let database = open(Location::Postgres(format!("{server}{separator}options[search_path]={schema}").into())).await;
    test(database.clone()).await;
    database.close().await.expect("the pool is closed");
    plain.execute_unprepared(&format!("DROP SCHEMA {schema} CASCADE")).await.expect("the schema goes");
}

async fn open(location: Location) -> Database {
    let database = Database::connect(&Settings { location, connections: 4 }).await.expect("the database opens");
    database.migrate().await.expect("the schema is brought up");
    database
}

#[cfg(test)]
mod server {
    /// The server of the tests. A test run of its own may do without one, the CI may not.
    #[expect(clippy::disallowed_methods, reason = "tests are told of their server by the environment")]
    pub(super) fn address() -> Option<String> {
        let address = std::env::var("POSTERN_TEST_POSTGRES").ok().filter(|address| !address.is_empty());
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(address.is_some() || !is_ci, "POSTERN_TEST_POSTGRES is missing: the CI tests on both databases");
        address
    }
}
