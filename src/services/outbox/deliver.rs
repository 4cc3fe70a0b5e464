//! Taking messages that are due, and what becomes of each.

use std::time::Duration;

use entity::Timestamp;
use entity::outbox::{ActiveModel, Column, Entity, Model};
use futures_util::future::join_all;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Kind, Letter, Outbox};
use crate::error::Result;
use crate::random::Random;
use crate::services::audit::Event;

/// Messages that one target is sent at once.
const AT_ONCE: u64 = 8;
/// Targets that are looked at in one round.
const TARGETS: u64 = 1000;
/// The first pause before another try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What came of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It has arrived, or nobody wants it any more.
    Done,
    /// It was refused for good, for this reason.
    Refused(String),
    /// It may arrive later.
    Failed {
        /// What went wrong, for the log.
        why: String,
        /// Whether the target itself is away: then its other messages wait as well.
        away: bool,
    },
}

/// Who delivers messages of one kind.
pub trait Courier: Sync {
    /// The kind.
    const KIND: Kind;

    /// The longest that one try takes. A message whose node died meanwhile is taken again after that.
    fn longest_try(&self) -> Duration;

    /// Tries to deliver `letter`.
    fn deliver(&self, letter: &Letter) -> impl Future<Output = Delivery> + Send;

    /// What the audit is told of a message that never arrived.
    fn lost(&self, letter: &Letter) -> Event;
}

impl Outbox {
    /// Tries every message that is due, once; several targets side by side. A target that this node
    /// is sending to already is left to that.
    ///
    /// # Errors
    /// When the database is away: what was not written down is tried again.
    pub async fn deliver_due(&self, courier: &impl Courier) -> Result<()> {
        let targets = self.due_targets(courier).await?;
        let rounds = targets.into_iter().map(|target| self.deliver_to(courier, target));
        join_all(rounds).await.into_iter().collect()
    }

    async fn deliver_to<C: Courier>(&self, courier: &C, target: String) -> Result<()> {
        let Some(_busy) = Busy::with(self, &target) else { return Ok(()) };
        loop {
            let letters = self.due(courier, &target).await?;
            if letters.is_empty() {
                return Ok(());
            }
            let tries = letters.iter().map(|letter| self.try_one(courier, letter));
            let pauses: Vec<Option<Timestamp>> = join_all(tries).await.into_iter().collect::<Result<_>>()?;
            if let Some(until) = pauses.into_iter().flatten().max() {
                return self.hold_up(courier, target, until).await;
            }
        }
    }

    /// Tries one message, if no other node does; answers until when its target should be left alone.
    async fn try_one<C: Courier>(&self, courier: &C, letter: &Letter) -> Result<Option<Timestamp>> {
        if letter.expires_at <= self.clock.now() {
            let why = letter.last_error.clone().unwrap_or_else(|| "it was never tried".to_owned());
            return self.lose(courier, letter, why).await.map(|()| None);
        }
        if !self.take(letter, courier.longest_try()).await? {
            return Ok(None);
        }
        match courier.deliver(letter).await {
            Delivery::Done => self.remove(letter).await.map(|_| None),
            Delivery::Refused(why) => self.lose(courier, letter, why).await.map(|()| None),
            Delivery::Failed { why, away } => {
                tracing::warn!(kind = C::KIND.name(), target = %letter.target, attempts = letter.attempts + 1, %why, "a message was not delivered; it is tried again");
                let until = self.put_off(letter, why).await?;
                Ok(away.then_some(until))
            }
        }
    }

    async fn due_targets<C: Courier>(&self, _: &C) -> Result<Vec<String>> {
        let query = Entity::find().select_only().column(Column::Target).distinct().filter(self.is_due(C::KIND));
        Ok(query.limit(TARGETS).into_tuple().all(self.database.read()).await?)
    }

    async fn due<C: Courier>(&self, _: &C, target: &str) -> Result<Vec<Letter>> {
        let theirs = self.is_due(C::KIND).add(Column::Target.eq(target));
        let rows = Entity::find().filter(theirs).order_by_asc(Column::DueAt).limit(AT_ONCE);
        Ok(rows.all(self.database.read()).await?.into_iter().map(Letter::from).collect())
    }

    fn is_due(&self, kind: Kind) -> Condition {
        Condition::all().add(Column::DueAt.lte(self.clock.now())).add(Column::Kind.eq(kind.name()))
    }

    /// Takes a message for this node, for as long as a try takes; answers whether nobody was faster.
    async fn take(&self, letter: &Letter, longest_try: Duration) -> Result<bool> {
        let as_it_was =
            Column::Id.eq(letter.id).and(Column::DueAt.eq(letter.due_at)).and(Column::Attempts.eq(letter.attempts));
        let update = Entity::update_many()
            .col_expr(Column::DueAt, Expr::value(self.clock.now() + longest_try))
            .col_expr(Column::Attempts, Expr::value(letter.attempts.saturating_add(1)))
            .filter(as_it_was);
        let taken = self
            .database
            .write_statement(|tx| Box::pin(async move { Ok(update.exec(tx).await?.rows_affected) }))
            .await?;
        Ok(taken == 1)
    }

    /// Puts a message off after a try that failed; answers until when.
    async fn put_off(&self, letter: &Letter, why: String) -> Result<Timestamp> {
        let until = Ord::min(self.clock.now() + pause(&self.random, letter.attempts), letter.expires_at);
        let row = ActiveModel { due_at: Set(until), last_error: Set(Some(why)), ..ActiveModel::default() };
        let still_ours = Column::Id.eq(letter.id).and(Column::Attempts.eq(letter.attempts.saturating_add(1)));
        let update = Entity::update_many().set(row).filter(still_ours);
        self.database.write_statement(|tx| Box::pin(async move { Ok(update.exec(tx).await.map(|_| ())?) })).await?;
        Ok(until)
    }

    /// Puts off all that waits for a target that is away: one message knocks for all.
    async fn hold_up<C: Courier>(&self, _: &C, target: String, until: Timestamp) -> Result<()> {
        let row = ActiveModel { due_at: Set(until), ..ActiveModel::default() };
        let update = Entity::update_many().set(row).filter(self.is_due(C::KIND).add(Column::Target.eq(target)));
        self.database.write_statement(|tx| Box::pin(async move { Ok(update.exec(tx).await.map(|_| ())?) })).await
    }

    async fn remove(&self, letter: &Letter) -> Result<u64> {
        let delete = Entity::delete_by_id(letter.id);
        self.database.write_statement(|tx| Box::pin(async move { Ok(delete.exec(tx).await?.rows_affected) })).await
    }

    /// Gives a message up, with a line in the audit.
    async fn lose<C: Courier>(&self, courier: &C, letter: &Letter, why: String) -> Result<()> {
        tracing::warn!(kind = C::KIND.name(), target = %letter.target, %why, "a message was given up");
        let event = courier.lost(letter).with("why", why);
        let (delete, audit) = (Entity::delete_by_id(letter.id), self.audit.clone());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                // Of two nodes that give it up one tells of it.
                match delete.exec(tx).await?.rows_affected {
                    0 => Ok(()),
                    _ => audit.record(tx, event).await,
                }
            })
        });
        write.await
    }
}

/// How long to wait after the try that followed `attempts` others: twice as long each time, and by
/// chance down to half or up to half more, so that nodes and messages do not march in step.
pub(super) fn pause(random: &Random, attempts: i32) -> Duration {
    let doublings = Ord::min(u32::try_from(attempts).unwrap_or(0), 20);
    let pause = Ord::min(FIRST_PAUSE.saturating_mul(1 << doublings), LONGEST_PAUSE);
    let chance = f64::from(u16::from_le_bytes(random.bytes())) / f64::from(u16::MAX);
    pause.mul_f64(0.5 + chance)
}

impl From<Model> for Letter {
    fn from(row: Model) -> Self {
        let Model { id, target, payload, attempts, last_error, due_at, expires_at, .. } = row;
        Self { target, payload, id, attempts, last_error, due_at, expires_at }
    }
}

/// While it lives, this node sends to a target in one place only.
struct Busy<'o> {
    outbox: &'o Outbox,
    target: String,
}

impl<'o> Busy<'o> {
    fn with(outbox: &'o Outbox, target: &str) -> Option<Self> {
        let is_new = outbox.busy.lock().is_ok_and(|mut busy| busy.insert(target.to_owned()));
        is_new.then(|| Self { outbox, target: target.to_owned() })
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if let Ok(mut busy) = self.outbox.busy.lock() {
            busy.remove(&self.target);
        }
    }
}
