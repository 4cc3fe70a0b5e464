//! What happened, to whom, from where: a row for every act that touches security.
//!
//! A row of an act stands in the act's own transaction. What strangers can repeat at will is
//! summed by minute, network and account. No row holds a password, token or code. To add a kind:
//! one line in the table of [`EventKind`].

mod event;

pub use event::{Actor, Event, EventKind};

use std::time::Duration;

use entity::AuditEventId;
use entity::audit_event::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait};

use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secret::sha256;
use crate::services::database::{Database, Executor, sweep};

/// Writes and forgets audit rows.
#[derive(Clone, Debug)]
pub struct Audit {
    database: Database,
    clock: Clock,
    random: Random,
    retention: Duration,
}

impl Audit {
    /// Rows are kept for `retention` (`POSTERN_AUDIT_RETENTION`).
    #[must_use]
    pub fn new(database: Database, clock: Clock, random: Random, retention: Duration) -> Self {
        Self { database, clock, random, retention }
    }

    /// Writes `event` in the transaction of the act it tells of.
    ///
    /// # Errors
    /// When the database does not take it; then the act must not stand either.
    pub async fn record(&self, tx: &Executor<'_>, event: Event) -> Result<()> {
        Entity::insert(self.row(event, None)).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Writes `event` in a transaction of its own, adding to the row of this minute where one
    /// stands for the same kind, network and `account`.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn record_summed(&self, event: Event, account: &str) -> Result<()> {
        let (audit, account) = (self.clone(), account.to_owned());
        self.database
            .write_statement(|tx| Box::pin(async move { audit.record_summed_in(tx, event, &account).await }))
            .await
    }

    /// The same in the transaction `tx`.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn record_summed_in(&self, tx: &Executor<'_>, event: Event, account: &str) -> Result<()> {
        let minute = self.clock.now().millis().div_euclid(60_000);
        let network = event.network.as_deref().unwrap_or_default();
        let key = hex::encode(sha256(format!("{}\n{network}\n{account}", event.kind.name()).as_bytes()).as_bytes());
        let row = self.row(event, Some(format!("{minute}/{key}")));
        let again = OnConflict::column(Column::SumKey)
            .value(Column::Count, Expr::col((Entity, Column::Count)).add(1))
            .to_owned();
        Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
        Ok(())
    }

    fn row(&self, event: Event, sum_key: Option<String>) -> ActiveModel {
        let now = self.clock.now();
        ActiveModel {
            id: Set(AuditEventId::from_random(self.random.bytes())),
            at: Set(now),
            kind: Set(event.kind.name().to_owned()),
            actor: Set(event.actor.map(|actor| actor.to_string())),
            user_id: Set(event.user),
            address: Set(event.address),
            count: Set(1),
            sum_key: Set(sum_key),
            detail: Set(serde_json::Value::Object(event.detail).to_string()),
            request_id: Set(event.request_id),
            expires_at: Set(now + self.retention),
        }
    }

    /// Removes up to `most` rows past their retention; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        let now = self.clock.now();
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(now), most).await
    }
}
