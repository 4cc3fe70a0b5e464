//! The database: one pool on PostgreSQL, and a connection beside it that listens; on SQLite several
//! readers and one writer.
//!
//! Services read through [`Database::read`] and write through [`Database::write`], which runs the
//! whole piece of work in one transaction. Nobody opens a connection of his own.

mod connect;
mod migrate;
mod pulse;
mod settings;
mod sweep;
mod writer;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use migrate::{Migrated, foretell};
pub use settings::{Location, Settings};
pub use sweep::sweep;

use std::path::Path;

use futures_util::future::BoxFuture;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{DatabaseConnection, DatabaseExecutor, TransactionTrait};

use crate::error::{Error, Result};
use pulse::Pulse;
use writer::Writer;

/// What a piece of work writes through: a transaction, or a connection for a single statement.
pub type Executor<'c> = DatabaseExecutor<'c>;

/// The database that every service shares.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    /// One connection that only watches: a data version tells of all *other* connections.
    watcher: DatabaseConnection,
    writer: WriteWay,
    pulse: Pulse,
    location: Location,
}

#[derive(Clone, Debug)]
enum WriteWay {
    /// SQLite: everything is queued to the one writer.
    Queue(Writer),
    /// PostgreSQL: the pool itself.
    Pool(DatabaseConnection),
}

impl Database {
    /// Opens the database, making the file and its folder when they are missing. Migrates nothing.
    ///
    /// # Errors
    /// When the database cannot be reached or opened.
    pub async fn connect(settings: &Settings) -> Result<Self> {
        let location = settings.location.clone();
        let (reader, watcher, writer) = match &location {
            Location::Sqlite(file) => {
                let connect::Sqlite { reader, watcher, writer } = connect::sqlite(file, settings.connections).await?;
                (reader, watcher, WriteWay::Queue(Writer::start(writer, file.clone())))
            }
            Location::Postgres(address) => {
                let pool = connect::postgres(address, settings.connections).await?;
                (pool.clone(), pool.clone(), WriteWay::Pool(pool))
            }
        };
        Ok(Self { reader, watcher, writer, pulse: Pulse::default(), location })
    }

    /// For reading only.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For watching a SQLite file; the pool on PostgreSQL.
    pub(super) fn watcher(&self) -> &DatabaseConnection {
        &self.watcher
    }

    /// A connection that only listens, beside the pool; on PostgreSQL alone.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn listener(&self) -> Result<PgListener> {
        connect::listener(&self.reader).await
    }

    /// The file, where the database is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.location {
            Location::Sqlite(file) => Some(file),
            Location::Postgres(_) => None,
        }
    }

    /// Runs `work` in one transaction, and answers only once it is committed; an error of `work`
    /// undoes all of it.
    ///
    /// # Errors
    /// The error of `work`, or [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) when
    /// the database is away: then nothing was kept.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Executor<'c>) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        match &self.writer {
            WriteWay::Queue(writer) => writer.run(work).await,
            WriteWay::Pool(pool) => {
                let transaction = pool.begin().await?;
                let executor = Executor::from(&transaction);
                let outcome = work(&executor).await;
                drop(executor);
                match outcome {
                    Ok(value) => transaction.commit().await.map(|()| value).map_err(Error::from),
                    Err(error) => {
                        transaction.rollback().await?;
                        Err(error)
                    }
                }
            }
        }
    }

    /// Runs `work`, which must be one single statement, or several of which each may be kept without
    /// those after it: PostgreSQL then needs no transaction around them, which halves the cost of a
    /// rotation.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_statement<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Executor<'c>) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        match &self.writer {
            WriteWay::Queue(writer) => writer.run(work).await,
            WriteWay::Pool(pool) => work(&Executor::from(pool)).await,
        }
    }

    /// Whether the database answers: it gives a row, SQLite's writer takes work, and PostgreSQL is no
    /// standby and not set to be only read. What that writer gets holds no change, so that a probe
    /// never waits for the disk.
    ///
    /// # Errors
    /// When it does not, or not within a second.
    pub async fn ping(&self) -> Result<()> {
        let question = async {
            migrate::any(&self.reader).await?;
            match &self.writer {
                WriteWay::Queue(writer) => writer.run(|_| Box::pin(async { Ok(()) })).await,
                WriteWay::Pool(pool) => connect::check_writable(pool).await,
            }
        };
        self.pulse.feel(question).await
    }

    /// Lets what is queued be written, then closes every connection.
    ///
    /// # Errors
    /// When the database does not take leave.
    pub async fn close(self) -> Result<()> {
        if let WriteWay::Queue(writer) = self.writer {
            writer.stop().await;
        }
        self.watcher.close().await?;
        Ok(self.reader.close().await?)
    }
}
