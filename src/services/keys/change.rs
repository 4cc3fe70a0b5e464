//! Steps in the life of keys: each is one transaction with its audit rows, taken under a lock, so
//! that of nodes which want the same step at once one takes it.

use entity::signing_key::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter};

use super::info::{self, KeyInfo};
use super::rows::{self, Fresh};
use super::schedule::{Make, Schedule};
use super::{Keys, SigningAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::{Actor, Event};
use crate::services::database::Executor;
use crate::services::shared::{Pending, Subject};

/// Any number but that of the migrations: all nodes of one database ask for the same lock.
const LOCK: i64 = 0x706f_7374_6572_6e01;
/// How often a step is tried that another node comes before.
const TRIES: u32 = 4;

#[derive(Clone, Debug)]
enum Change {
    Settle,
    Rotate,
    Condemn(String),
}

impl Change {
    /// Makes the change; false when `make` had too few new keys for it.
    fn apply(&self, schedule: &mut Schedule, make: Make<'_>) -> Result<bool> {
        match self {
            Self::Settle => Ok(schedule.settle(make)),
            Self::Rotate => Ok(schedule.rotate(make)),
            Self::Condemn(kid) if schedule.terms.iter().any(|it| it.kid == *kid) => Ok(schedule.condemn(kid, make)),
            Self::Condemn(kid) => Err(Error::new(ErrorKind::NotFound, format!("There is no signing key {kid}."))),
        }
    }
}

impl Keys {
    /// Makes keys that lack, takes the scheduled steps, removes keys whose time is over, renews the
    /// seals of `POSTERN_ENCRYPTION_KEY_PREVIOUS`, and loads what is published. For every start, and
    /// for every half minute.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], in words for an operator, when a key was sealed under another key than
    /// ours: nothing is made over it. When the database is away.
    pub async fn maintain(&self) -> Result<()> {
        let mut rows = self.load().await?;
        let (before, mut after) = (self.schedule(&rows), self.schedule(&rows));
        let has_all = Change::Settle.apply(&mut after, &mut |_| None)?;
        if !has_all || before.terms != after.terms {
            self.change(Change::Settle, None).await?;
            rows = self.load().await?;
        }
        self.renew_seals(&rows).await
    }

    /// Lets the next key of every algorithm sign, at once or as soon as it has been published for long
    /// enough. What the keys from before have signed stays good.
    ///
    /// # Errors
    /// As [`Self::maintain`].
    pub async fn rotate(&self, actor: Actor) -> Result<Vec<KeyInfo>> {
        // Nothing is made over keys that cannot be opened.
        self.load().await?;
        self.change(Change::Rotate, Some(actor)).await?;
        self.list().await
    }

    /// Gives up the key `kid`: it is published no more, and every token that it signed is dead at
    /// once, on every node within a second. Where it signed, the next key does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an unknown key; when the database is away.
    pub async fn condemn(&self, kid: &str, actor: Actor) -> Result<Vec<KeyInfo>> {
        self.change(Change::Condemn(kid.to_owned()), Some(actor)).await?;
        self.list().await
    }

    /// Every key, by algorithm and in the order of their turns.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self) -> Result<Vec<KeyInfo>> {
        Ok(info::all(self.schedule(&self.rows().await?)))
    }

    async fn rows(&self) -> Result<Vec<Model>> {
        Ok(Entity::find().all(self.0.database.read()).await?)
    }

    fn schedule(&self, rows: &[Model]) -> Schedule {
        let terms = rows.iter().filter_map(rows::term).collect();
        Schedule { terms, settings: self.0.settings, now: self.0.clock.now() }
    }

    async fn change(&self, change: Change, actor: Option<Actor>) -> Result<()> {
        for _ in 0..TRIES {
            let mut wanted = Vec::new();
            let mut count = |algorithm| {
                wanted.push(algorithm);
                Some(format!("new {}", wanted.len()))
            };
            change.apply(&mut self.schedule(&self.rows().await?), &mut count)?;
            let fresh = self.make(wanted).await?;
            if let Some(pending) = self.write(change.clone(), actor.clone(), fresh).await? {
                self.0.shared.apply(&pending);
                return Ok(());
            }
        }
        Err(Error::internal("other nodes change the signing keys all the time"))
    }

    /// New keys, each on a thread that may be held up.
    async fn make(&self, algorithms: Vec<SigningAlgorithm>) -> Result<Vec<Fresh>> {
        let begun = algorithms.into_iter().map(|algorithm| {
            let keys = self.clone();
            tokio::task::spawn_blocking(move || Fresh::make(algorithm, &keys.0.seal, &keys.0.random))
        });
        let mut made = Vec::new();
        for task in begun.collect::<Vec<_>>() {
            made.push(task.await.map_err(Error::internal)??);
        }
        Ok(made)
    }

    /// Makes the change in one transaction; none, and nothing is kept, when it needs more new keys
    /// than `fresh` holds.
    async fn write(&self, change: Change, actor: Option<Actor>, mut fresh: Vec<Fresh>) -> Result<Option<Pending>> {
        let keys = self.clone();
        let write = self.0.database.write(move |tx| {
            Box::pin(async move {
                if tx.get_database_backend() == DbBackend::Postgres {
                    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
                }
                let rows = Entity::find().all(tx).await?;
                let before = keys.schedule(&rows);
                let mut after = before.clone();
                let mut used = Vec::new();
                let mut take = |algorithm| {
                    let key = fresh.remove(fresh.iter().position(|it| it.algorithm == algorithm)?);
                    let kid = key.kid.clone();
                    used.push(key);
                    Some(kid)
                };
                if !change.apply(&mut after, &mut take)? {
                    return Ok(None);
                }
                keep(tx, &before, &after, used).await?;
                for event in info::events(&before, &after) {
                    keys.0.audit.record(tx, actor.iter().cloned().fold(event, Event::by)).await?;
                }
                let subject = match &change {
                    // Whatever it signed must be forgotten, in every cache of every node.
                    Change::Condemn(_) => Subject::Everything,
                    Change::Settle | Change::Rotate => Subject::Keys,
                };
                keys.0.shared.announce(tx, vec![subject]).await.map(Some)
            })
        });
        write.await
    }

    /// Seals anew what only the key from before opens, so that it can be taken away.
    async fn renew_seals(&self, rows: &[Model]) -> Result<()> {
        for row in rows {
            let Some(sealed) = self.0.seal.renew(&self.0.random, row) else { continue };
            let change = ActiveModel { private_sealed: Set(sealed), ..ActiveModel::default() };
            let unchanged = Column::PrivateSealed.eq(row.private_sealed.clone());
            let update = Entity::update_many().set(change).filter(Column::Id.eq(&*row.id)).filter(unchanged);
            self.0
                .database
                .write_statement(|tx| Box::pin(async move { update.exec(tx).await.map(|_| ()).map_err(Into::into) }))
                .await?;
            tracing::info!(kid = %row.id, "a signing key is sealed under POSTERN_ENCRYPTION_KEY now");
        }
        Ok(())
    }
}

/// Writes what differs between `before` and `after`.
async fn keep(tx: &Executor<'_>, before: &Schedule, after: &Schedule, fresh: Vec<Fresh>) -> Result<()> {
    let gone: Vec<&str> =
        before.terms.iter().map(|it| it.kid.as_str()).filter(|kid| after.term(kid).is_none()).collect();
    if !gone.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(gone)).exec(tx).await?;
    }
    for term in &after.terms {
        if before.term(&term.kid).is_some_and(|it| it != term) {
            Entity::update_many().set(rows::times(term)).filter(Column::Id.eq(&*term.kid)).exec(tx).await?;
        }
    }
    for key in fresh {
        if let Some(term) = after.term(&key.kid) {
            Entity::insert(key.row(term)).exec_without_returning(tx).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::database::Database;
    use crate::services::database::testing::fresh;
    use crate::services::keys::testing::{Node, rows};

    /// Each has its new keys ready, so that all of them come to the database at the same moment.
    #[tokio::test(flavor = "multi_thread")]
    async fn of_nodes_that_want_the_same_step_one_takes_it() {
        for it in fresh().await {
            let mut steps = Vec::new();
            for _ in 0..4 {
                let database = Database::connect(&it.settings).await.expect("a connection");
                let node = Node::sealing(&database, "a secret", None);
                let made = [SigningAlgorithm::ALL, SigningAlgorithm::ALL].concat();
                steps.push((node.make(made).await.expect("new keys"), node));
            }
            let steps = steps.into_iter().map(|(fresh, node)| {
                tokio::spawn(async move { node.write(Change::Settle, None, fresh).await.map(|done| done.is_some()) })
            });
            for step in steps.collect::<Vec<_>>() {
                assert!(step.await.expect("it ends").expect("written"));
            }
            assert_eq!(rows(&it.database).await.len(), 2 * SigningAlgorithm::ALL.len());
        }
    }
}
