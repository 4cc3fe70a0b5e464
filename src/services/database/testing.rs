//! Fresh, migrated databases for tests: SQLite always, PostgreSQL where `POSTERN_TEST_POSTGRES`
//! gives the address of a server that may be filled with databases (`tests/run` starts one).

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::{Database, Location, Settings};
use crate::random::Random;

/// A database that goes with this value.
pub(crate) struct Fresh {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    /// Statements that were read by so far.
    pub(crate) reads: Arc<AtomicU64>,
    _folder: TempDir,
}

/// One of each kind. Where no PostgreSQL server is given that is said; under `CI` it fails the test.
pub(crate) async fn fresh() -> Vec<Fresh> {
    let mut all = vec![open(|folder| Location::Sqlite(folder.path().join("data/postern.db"))).await];
    #[expect(clippy::disallowed_methods, reason = "which server tests may use is no setting of the product")]
    let (server, is_ci) = (std::env::var("POSTERN_TEST_POSTGRES"), std::env::var("CI").is_ok());
    match server {
        Ok(server) => {
            let address = create_database(&server).await;
            all.push(open(|_| Location::Postgres(address.into())).await);
        }
        Err(_) => {
            assert!(!is_ci, "POSTERN_TEST_POSTGRES is not set: start the tests by `bash tests/run`");
            tell_what_is_left_out();
        }
    }
    all
}

/// Once, and past the test harness, which hides what tests print that pass.
fn tell_what_is_left_out() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let words = "\nLEFT OUT: POSTERN_TEST_POSTGRES is not set, so these tests run on SQLite alone. \
                     `bash tests/run rust` starts a server and leaves nothing out.\n\n";
        let _ = std::io::stderr().write_all(words.as_bytes());
    });
}

async fn open(location: impl FnOnce(&TempDir) -> Location) -> Fresh {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let settings = Settings { location: location(&folder), connections: 4 };
    let mut database = Database::connect(&settings).await.expect("the database opens");
    let reads = Arc::<AtomicU64>::default();
    let count = Arc::clone(&reads);
    database.reader.set_metric_callback(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    database.migrate().await.expect("the database migrates");
    Fresh { database, settings, reads, _folder: folder }
}

async fn create_database(server: &str) -> String {
    let name = format!("test_{}", hex::encode(Random::system().bytes::<8>()));
    let settings = Settings { location: Location::Postgres(server.into()), connections: 1 };
    let Location::Postgres(address) = &settings.location else { unreachable!("it was just made") };
    let admin = super::connect::postgres(address, 1).await.expect("the server answers");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    let mut url = url::Url::parse(address.expose_secret()).expect("an address");
    url.set_path(&name);
    url.into()
}

/// Runs `test` on a fresh database of each kind, one after the other.
pub(crate) async fn on_each_database(test: impl AsyncFn(Database)) {
    for db in fresh().await {
        test(db.database.clone()).await;
    }
}
