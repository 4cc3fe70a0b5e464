//! Bringing the schema up to this release, safe when several nodes start at once.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use super::{Database, Executor, Location, Settings, WriteWay, connect};
use crate::error::{Error, ErrorKind, Result};

/// Any number: all nodes of one database ask for the same lock.
const LOCK: i64 = 0x706f_7374_6572_6e00;

/// What a migration did, or would do.
#[derive(Clone, Debug, Default)]
pub struct Migrated {
    /// The names of the steps, in order.
    pub steps: Vec<String>,
}

impl Database {
    /// Applies every step that is missing, all of them or none.
    ///
    /// # Errors
    /// With words when the database was written by a newer release; when a step fails.
    pub async fn migrate(&self) -> Result<Migrated> {
        let is_postgres = matches!(self.writer, WriteWay::Pool(_));
        self.write(move |tx| {
            Box::pin(async move {
                if is_postgres {
                    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
                }
                let pending = pending(tx).await?;
                if !pending.steps.is_empty() {
                    Migrator::up(borrow(tx), None).await?;
                }
                Ok(pending)
            })
        })
        .await
    }
}

/// What [`Database::migrate`] would do to the database of `settings`. Nothing is made: a file that is
/// not there lacks every step.
///
/// # Errors
/// As [`Database::migrate`].
pub async fn foretell(settings: &Settings) -> Result<Migrated> {
    let connection = match &settings.location {
        Location::Sqlite(file) if !file.try_exists().map_err(Error::internal)? => {
            return Ok(Migrated { steps: known() });
        }
        Location::Sqlite(file) => connect::existing(file).await?,
        Location::Postgres(address) => connect::postgres(address, 1).await?,
    };
    let pending = pending(&Executor::from(&connection)).await;
    connection.close().await?;
    pending
}

fn borrow<'c>(executor: &'c Executor<'c>) -> Executor<'c> {
    match executor {
        Executor::Connection(connection) => Executor::Connection(connection),
        Executor::Transaction(transaction) => Executor::Transaction(transaction),
        Executor::OwnedTransaction(transaction) => Executor::Transaction(transaction),
    }
}

/// Every step of this release, in order.
fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

async fn pending(executor: &Executor<'_>) -> Result<Migrated> {
    let (known, applied) = (known(), applied(executor).await?);
    if let Some(newer) = applied.iter().find(|step| !known.contains(step)) {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "This database was written by a newer release of Postern (it holds the step {newer}, which this \
                 release does not know). Start that release again, or restore the backup from before it."
            ),
        ));
    }
    Ok(Migrated { steps: known.into_iter().filter(|step| !applied.contains(step)).collect() })
}

/// A step that was applied: the cheapest row there always is.
pub(super) async fn any(connection: &DatabaseConnection) -> Result<String> {
    let sql = "SELECT version FROM seaql_migrations LIMIT 1";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    row.ok_or_else(|| Error::internal("the database has no schema"))?.try_get_by_index(0).map_err(Error::from)
}

async fn applied(executor: &Executor<'_>) -> Result<Vec<String>> {
    if !has_steps(executor).await? {
        return Ok(Vec::new());
    }
    let statement = Statement::from_string(executor.get_database_backend(), "SELECT version FROM seaql_migrations");
    let rows = executor.query_all_raw(statement).await?;
    rows.iter().map(|row| row.try_get::<String>("", "version").map_err(Error::from)).collect()
}

async fn has_steps(executor: &Executor<'_>) -> Result<bool> {
    let backend = executor.get_database_backend();
    let sql = match backend {
        sea_orm::DbBackend::Postgres => {
            "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    Ok(executor.query_one_raw(Statement::from_string(backend, sql)).await?.is_some())
}
