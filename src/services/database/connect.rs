//! Opening connections.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgListener, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use secrecy::{ExposeSecret, SecretString};

use super::writer::{PAUSE, TRIES, is_busy};
use crate::error::{Error, ErrorKind, Result};

/// How long a reader waits while the file is being recovered; a writer has its own patience.
const READER_PATIENCE: Duration = Duration::from_secs(10);
/// How long one try of the writer blocks its connection; between tries other work goes on.
const WRITER_PATIENCE: Duration = Duration::from_millis(2);
/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE: Duration = Duration::from_secs(2);

/// The connections to a SQLite file.
pub(super) struct Sqlite {
    pub(super) reader: DatabaseConnection,
    pub(super) watcher: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
}

/// Readers, the watcher and the one writer of a SQLite file.
pub(super) async fn sqlite(file: &Path, readers: u32) -> Result<Sqlite> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_private_folder(folder).map_err(Error::internal)?;
    }
    let writer = writer(file).await?;
    let reader = open(file, readers, READER_PATIENCE).await?;
    let watcher = open(file, 1, READER_PATIENCE).await?;
    Ok(Sqlite { reader, watcher, writer })
}

/// The one connection that writes to a SQLite file.
pub(super) async fn writer(file: &Path) -> Result<DatabaseConnection> {
    open(file, 1, WRITER_PATIENCE).await
}

/// A connection to a SQLite file that must be there. It makes and changes nothing: not even the
/// journal of a file that is none of ours.
pub(super) async fn existing(file: &Path) -> Result<DatabaseConnection> {
    let options = options(file, 1, |options| options.create_if_missing(false).busy_timeout(READER_PATIENCE));
    Ok(Database::connect(options).await?)
}

async fn open(file: &Path, connections: u32, patience: Duration) -> Result<DatabaseConnection> {
    let options = options(file, connections, move |options| {
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What is acknowledged must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(patience)
            .foreign_keys(true)
            .pragma("journal_size_limit", "67108864")
    });
    // Whoever is first turns a new file into one with a write-ahead log, which waits for nobody and
    // lets nobody wait: those who start beside it ask again.
    for _ in 1..TRIES {
        match Database::connect(options.clone()).await {
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            opened => return Ok(opened?),
        }
    }
    Ok(Database::connect(options).await?)
}

fn options(
    file: &Path,
    connections: u32,
    more: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> ConnectOptions {
    let file = file.to_owned();
    // sea-orm wants an address; the options below replace its path, so that no character of a
    // path is ever read as part of a URL.
    let mut options = ConnectOptions::new("sqlite://postern.db");
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| more(options.filename(&file)));
    options
}

/// The pool of a PostgreSQL database.
pub(super) async fn postgres(address: &SecretString, connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(address.expose_secret());
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .connect_timeout(ACQUIRE)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(60))
        .sqlx_logging(false)
        .set_application_name("postern");
    Ok(Database::connect(options).await?)
}

/// Refuses a PostgreSQL that is only read: a standby, or one that was set so.
pub(super) async fn check_writable(pool: &DatabaseConnection) -> Result<()> {
    let sql = "SELECT current_setting('transaction_read_only')";
    let row = pool.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let is_read_only: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    match is_read_only.as_deref() {
        Some("off") => Ok(()),
        _ => Err(Error::new(ErrorKind::Unavailable, "The database is only read.")),
    }
}

/// A connection that only listens, to where `pool` leads but none of its number: it is held for
/// as long as the server runs, and a pool of one would have nothing left for the requests.
pub(super) async fn listener(pool: &DatabaseConnection) -> Result<PgListener> {
    let options = pool.get_postgres_connection_pool().connect_options().as_ref().clone();
    let alone = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).acquire_timeout(ACQUIRE);
    let alone = alone.connect_with(options).await.map_err(Error::internal)?;
    PgListener::connect_with(&alone).await.map_err(Error::internal)
}

/// Makes `folder` with all that leads to it; what is made is only ours to enter.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
