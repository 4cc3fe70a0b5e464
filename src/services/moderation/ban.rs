//! Who may not enter, until when, by whom and why.

use entity::ban::{ActiveModel, Column, Entity};
use entity::{Timestamp, UserId};
use sea_orm::sea_query::{ExprTrait, IntoCondition, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::Moderation;
use crate::error::Result;
use crate::services::audit::Actor;
use crate::services::database::{Executor, sweep};

pub use entity::ban::Model as Ban;

/// The kind of a ban of a person's account.
pub(in crate::services) const USER: &str = "user";

impl Moderation {
    /// Bans `user` in the transaction `tx`, in the place of any ban that stands.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn ban_user(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        until: Option<Timestamp>,
        reason: Option<String>,
        author: Option<&Actor>,
    ) -> Result<()> {
        let row = ActiveModel {
            kind: Set(USER.to_owned()),
            subject: Set(user.to_string()),
            reason: Set(reason),
            author: Set(author.map(ToString::to_string).unwrap_or_default()),
            created_at: Set(self.clock.now()),
            expires_at: Set(until),
        };
        let standing = OnConflict::columns([Column::Kind, Column::Subject])
            .update_columns([Column::Reason, Column::Author, Column::CreatedAt, Column::ExpiresAt])
            .to_owned();
        Entity::insert(row).on_conflict(standing).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Lifts the ban of `user`; answers whether there was one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn unban_user(&self, tx: &Executor<'_>, user: UserId) -> Result<bool> {
        let deleted = Entity::delete_many().filter(of_user(user)).exec(tx).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// The ban of `user` that stands now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn ban_of(&self, user: UserId) -> Result<Option<Ban>> {
        let standing = of_user(user).add(self.stands());
        Ok(Entity::find().filter(standing).one(self.database.read()).await?)
    }

    /// Whether a ban of `user` stands, as the transaction `tx` sees it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn is_banned(&self, tx: &Executor<'_>, user: UserId) -> Result<bool> {
        let standing = of_user(user).add(self.stands());
        Ok(Entity::find().filter(standing).one(tx).await?.is_some())
    }

    /// The bans that stand now of those of `users` who have one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn bans_of(&self, users: &[UserId]) -> Result<Vec<Ban>> {
        let subjects = users.iter().map(ToString::to_string);
        let standing = Column::Kind.eq(USER).and(Column::Subject.is_in(subjects)).into_condition().add(self.stands());
        Ok(Entity::find().filter(standing).all(self.database.read()).await?)
    }

    fn stands(&self) -> Condition {
        Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(self.clock.now()))
    }

    /// Removes up to `most` bans that have run out; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        let over = Column::ExpiresAt.lte(self.clock.now());
        sweep(&self.database, Entity, Column::Subject, over, most).await
    }
}

fn of_user(user: UserId) -> Condition {
    Column::Kind.eq(USER).and(Column::Subject.eq(user.to_string())).into_condition()
}
