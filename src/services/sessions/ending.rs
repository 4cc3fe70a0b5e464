//! How sessions end, and what keeps one from ending for a moment.

use entity::session::{Column, Entity};
use entity::{SessionId, UserId};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use super::Sessions;
use crate::error::Result;
use crate::services::database::Executor;

/// Which sessions of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Which {
    /// This one.
    One(SessionId),
    /// Every one but this.
    AllBut(SessionId),
    /// Every one.
    All,
}

impl Which {
    fn of(self, user: UserId) -> Condition {
        let theirs = Condition::all().add(Column::UserId.eq(user));
        match self {
            Self::One(id) => theirs.add(Column::Id.eq(id)),
            Self::AllBut(id) => theirs.add(Column::Id.ne(id)),
            Self::All => theirs,
        }
    }
}

impl Sessions {
    /// Keeps the session `id` from ending until the transaction `tx` ends; answers whether it is still
    /// there. Whoever changes what hangs on a session takes this first, as whoever ends it does: then
    /// no two wait for each other.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn share(&self, tx: &Executor<'_>, id: SessionId) -> Result<bool> {
        let found = Entity::find_by_id(id).select_only().column(Column::Id).lock(LockType::KeyShare);
        Ok(found.into_tuple::<SessionId>().one(tx).await?.is_some())
    }

    /// Holds these sessions of `user` until the transaction `tx` ends: nothing new hangs on them
    /// meanwhile.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn hold(&self, tx: &Executor<'_>, user: UserId, which: Which) -> Result<()> {
        let ids = Entity::find().select_only().column(Column::Id).filter(which.of(user)).lock(LockType::Update);
        ids.into_tuple::<SessionId>().all(tx).await?;
        Ok(())
    }

    /// Removes these sessions of `user` in the transaction `tx`; answers how many there were. Only
    /// `grants` calls it: the clients that took part have to be told.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn remove(&self, tx: &Executor<'_>, user: UserId, which: Which) -> Result<u64> {
        Ok(Entity::delete_many().filter(which.of(user)).exec(tx).await?.rows_affected)
    }
}
