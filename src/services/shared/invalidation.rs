//! Telling every server what to forget, through the database itself.
//!
//! Whatever bans, disables, deletes or changes writes a numbered row in its own transaction. Every
//! server reads those rows: on SQLite when the file's data version moves, on PostgreSQL at a
//! `NOTIFY` of the transaction with a poll behind it. A server that cannot read forgets everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entity::Timestamp;
use entity::invalidation::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use sea_orm::{QuerySelect, Statement};
use tokio_util::sync::CancellationToken;

use super::{Shared, Subject};
use crate::error::{Error, Result};
use crate::services::database::{Database, Executor, sweep};

/// How long a row is kept: a server that was away for longer starts anew.
const KEPT: Duration = Duration::from_secs(600);
/// How often the file's version, or the table, is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long one look may take: a database that hangs tells nothing, as one that is away.
const DEAF: Duration = Duration::from_secs(1);
/// PostgreSQL gives numbers before commits: a lower number may appear after a higher one for as
/// long as a transaction lasts, and no transaction of ours lasts this long.
const SETTLED: Duration = Duration::from_secs(60);
const CHANNEL: &str = "postern_invalidation";

/// What must be forgotten on this node as soon as its transaction is committed.
#[must_use = "call `apply` after the commit"]
#[derive(Debug)]
pub struct Pending(Vec<Subject>);

impl Shared {
    /// Writes rows for `subjects` in the transaction `tx`.
    ///
    /// # Errors
    /// When the database does not take them.
    pub async fn announce(&self, tx: &Executor<'_>, subjects: Vec<Subject>) -> Result<Pending> {
        let expires_at = self.clock.now() + KEPT;
        let rows = subjects.iter().map(|subject| ActiveModel {
            kind: Set(subject.kind().to_owned()),
            subject: Set(subject.to_string()),
            expires_at: Set(expires_at),
            ..ActiveModel::default()
        });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            tx.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await?;
        }
        Ok(Pending(subjects))
    }

    /// Removes up to `most` rows that every server has had the time to read.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, database: &Database, most: u64) -> Result<u64> {
        sweep(database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }

    /// Forgets on this node what has been announced; the others hear of it.
    pub fn apply(&self, pending: &Pending) {
        pending.0.iter().for_each(|subject| self.forget(subject));
    }
}

/// Reads what any process announced, until `stop`. The cache must be empty when this begins.
pub async fn listen(database: Database, shared: Arc<Shared>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let outcome = tokio::select! {
            outcome = follow(&database, &shared) => outcome,
            () = stop.cancelled() => return,
        };
        // Whatever happened meanwhile was not heard.
        shared.forget(&Subject::Everything);
        if let Err(error) = outcome {
            tracing::warn!(?error, "cannot hear what other processes change; forgetting everything");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Follows the rows until something fails.
async fn follow(database: &Database, shared: &Shared) -> Result<()> {
    let mut heard = Heard::from(in_time(newest(database)).await?);
    shared.forget(&Subject::Everything);
    let mut ear = in_time(Ear::open(database)).await?;
    loop {
        ear.wait(database).await?;
        for subject in in_time(heard.next(database, shared.clock.now())).await? {
            shared.forget(&subject);
        }
    }
}

async fn in_time<T>(look: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(DEAF, look).await {
        Ok(seen) => seen,
        Err(_) => Err(Error::internal("the database does not answer in time")),
    }
}

async fn newest(database: &Database) -> Result<i64> {
    let row = Entity::find().order_by_desc(Column::Id).one(database.read()).await?;
    Ok(row.map_or(0, |row| row.id))
}

/// Which rows have been heard: all up to `floor`, and some above it.
#[derive(Debug)]
struct Heard {
    floor: i64,
    above: BTreeMap<i64, Timestamp>,
}

impl From<i64> for Heard {
    fn from(newest: i64) -> Self {
        // A transaction that was under way at the start may still commit a lower number.
        Self { floor: newest.saturating_sub(1000).max(0), above: BTreeMap::new() }
    }
}

impl Heard {
    async fn next(&mut self, database: &Database, now: Timestamp) -> Result<Vec<Subject>> {
        let rows = Entity::find()
            .filter(Column::Id.gt(self.floor))
            .order_by_asc(Column::Id)
            .limit(10_000)
            .all(database.read())
            .await?;
        let mut subjects = Vec::new();
        for row in rows {
            if self.above.insert(row.id, now).is_none() {
                subjects.push(Subject::read(&row.kind, &row.subject).unwrap_or(Subject::Everything));
            }
        }
        self.settle(now);
        Ok(subjects)
    }

    /// Raises the floor over what was heard long enough ago.
    fn settle(&mut self, now: Timestamp) {
        while let Some((id, at)) = self.above.first_key_value().map(|(id, at)| (*id, *at)) {
            if self.above.len() <= 5_000 && now.since(at) < SETTLED {
                break;
            }
            self.floor = id;
            self.above.remove(&id);
        }
    }
}

/// How news is noticed.
enum Ear {
    Sqlite { version: Option<i64> },
    Postgres(Box<sea_orm::sqlx::postgres::PgListener>),
}

impl Ear {
    async fn open(database: &Database) -> Result<Self> {
        if database.file().is_some() {
            return Ok(Self::Sqlite { version: None });
        }
        let mut listener = database.listener().await?;
        listener.listen(CHANNEL).await.map_err(Error::internal)?;
        Ok(Self::Postgres(Box::new(listener)))
    }

    /// Returns when there may be news.
    async fn wait(&mut self, database: &Database) -> Result<()> {
        match self {
            Self::Sqlite { version } => loop {
                tokio::time::sleep(LOOK).await;
                let now = in_time(database.data_version()).await?;
                if version.replace(now) != Some(now) {
                    return Ok(());
                }
            },
            Self::Postgres(listener) => {
                // A lost connection shows as an error or as `None`; the poll behind it never waits
                // longer than half a second.
                match tokio::time::timeout(LOOK * 2, listener.try_recv()).await {
                    Ok(Err(error)) => Err(Error::internal(error)),
                    Ok(Ok(None)) => Err(Error::internal("the connection that listens was lost")),
                    Ok(Ok(Some(_))) | Err(_) => Ok(()),
                }
            }
        }
    }
}

impl Database {
    /// A number that moves when any other connection has committed to the file.
    async fn data_version(&self) -> Result<i64> {
        let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA data_version");
        let row = self.watcher().query_one_raw(statement).await?;
        row.ok_or_else(|| Error::internal("PRAGMA data_version gave no row"))?.try_get_by_index(0).map_err(Error::from)
    }
}
