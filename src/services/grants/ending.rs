//! The end of sessions, for all who end them: what they granted goes with them, and the clients that
//! took part are told.

use std::collections::BTreeSet;

use entity::grant::{Column, Entity};
use entity::{ClientId, SessionId, UserId};
use entity::{consent, device_code};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Grants;
use crate::error::Result;
use crate::services::database::Executor;
use crate::services::sessions::Which;
use crate::services::shared::Subject;

impl Grants {
    /// Ends one session of `user` in the transaction `tx`; answers whether it was there. After the
    /// commit [`Self::tell_soon`] should be called.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn end_session(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        session: SessionId,
    ) -> Result<bool> {
        Ok(self.end_which(tx, user, Which::One(session)).await? > 0)
    }

    /// Ends every session of `user` but `except` in the transaction `tx`; answers what must be
    /// forgotten. After the commit [`Self::tell_soon`] should be called.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn end_sessions(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        except: Option<SessionId>,
    ) -> Result<Vec<Subject>> {
        self.end_which(tx, user, except.map_or(Which::All, Which::AllBut)).await?;
        Ok(vec![Subject::User(user)])
    }

    /// Forgets whom `user` has let in, apps and devices, in the transaction `tx`: nobody gets anything more
    /// without asking anew.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn forget_person(&self, tx: &Executor<'_>, user: UserId) -> Result<()> {
        consent::Entity::delete_many().filter(consent::Column::UserId.eq(user)).exec(tx).await?;
        device_code::Entity::delete_many().filter(device_code::Column::UserId.eq(user)).exec(tx).await?;
        Ok(())
    }

    async fn end_which(&self, tx: &Executor<'_>, user: UserId, which: Which) -> Result<u64> {
        // Held first: no code is issued meanwhile that nobody would be told of.
        self.sessions.hold(tx, user, which).await?;
        let mut theirs = Entity::delete_many().filter(Column::UserId.eq(user));
        match which {
            Which::One(id) => theirs = theirs.filter(Column::SessionId.eq(id)),
            Which::AllBut(id) => theirs = theirs.filter(Column::SessionId.ne(id)),
            Which::All => {}
        }
        // A grant whose code was never exchanged let nobody in.
        let gone = theirs.exec_with_returning(tx).await?.into_iter().filter(|grant| grant.redeemed_at.is_some());
        let told: BTreeSet<(ClientId, SessionId)> = gone.map(|grant| (grant.client_id, grant.session_id)).collect();
        self.back_channel.announce(tx, user, told).await?;
        self.sessions.remove(tx, user, which).await
    }

    /// Has the clients of sessions that have ended told now rather than within a second; to be called
    /// after the commit.
    pub(in crate::services) fn tell_soon(&self) {
        self.back_channel.outbox.look();
    }
}
