//! How long a session lasts: proven again, kept for what hangs on it, removed.

use entity::session::{ActiveModel, Column, Entity};
use entity::{GrantId, SessionId, Timestamp, TokenHash};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{BrowserCookie, LiveGrant, Session, Sessions, live};
use crate::error::Result;
use crate::secret::Secret;
use crate::services::database::{Executor, sweep};

impl Sessions {
    /// The grant `id` with its session and person, and whether the token whose id hashes to `token`
    /// was revoked; one read.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn look_up_grant(&self, id: GrantId, token: TokenHash) -> Result<Option<LiveGrant>> {
        live::by_grant(&self.database, id, token, self.clock.now()).await
    }

    /// The grant whose code hashes to `code`, exchanged or not, with its session and person; one read.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn look_up_code(&self, code: TokenHash) -> Result<Option<LiveGrant>> {
        live::by_code(&self.database, code, self.clock.now()).await
    }

    /// Keeps the row of the session until `until` at least, in the transaction `tx`: what outlives
    /// its expiry hangs on it, so that signing out still ends all of it.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn keep(&self, tx: &Executor<'_>, id: SessionId, until: Timestamp) -> Result<()> {
        let row = ActiveModel { kept_until: Set(Some(until)), ..ActiveModel::default() };
        let shorter = Column::KeptUntil.is_null().or(Column::KeptUntil.lt(until));
        Entity::update_many().set(row).filter(Column::Id.eq(id).and(shorter)).exec(tx).await?;
        Ok(())
    }

    /// Notes that the person of the session has just proven again who they are, in the transaction
    /// `tx`: its time begins anew, under another cookie; the one before opens nothing (SEC-027).
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn authenticate_again(
        &self,
        tx: &Executor<'_>,
        id: SessionId,
    ) -> Result<(Session, Secret<BrowserCookie>)> {
        let (cookie, now) = (Secret::generate(&self.random), self.clock.now());
        let row = ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(id),
            cookie_hash: Set(Some(cookie.hash())),
            authenticated_at: Set(Some(now)),
            seen_at: Set(now),
            idle_at: Set(Ord::min(now + self.settings.idle, now + self.settings.max)),
            expires_at: Set(now + self.settings.max),
            ..ActiveModel::default()
        };
        Ok((Entity::update(row).exec(tx).await?, cookie))
    }

    /// Removes up to `most` sessions whose time is over and on which nothing hangs; answers how
    /// many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        let now = self.clock.now();
        let nothing_hangs = Column::KeptUntil.is_null().or(Column::KeptUntil.lte(now));
        sweep(&self.database, Entity, Column::Id, Column::IdleAt.lte(now).and(nothing_hangs), most).await
    }
}
