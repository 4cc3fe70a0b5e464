//! Whether a person may be here at all: disabled, banned, deleted, signed out.

use entity::{SessionId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;

use super::{Accounts, Doer};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::EventKind;
use crate::services::database::Executor;
use crate::services::shared::Subject;
use crate::services::users::User;

/// A ban to be set.
#[derive(Clone, Debug, Default)]
pub struct NewBan {
    /// For how long; none: until it is lifted.
    pub lasts: Option<std::time::Duration>,
    /// Why, in words that the person reads.
    pub reason: Option<String>,
}

impl Accounts {
    /// Whether whoever has proven to be `proven` may still come in: neither disabled, deleted,
    /// banned nor given another password since. It stays so until the transaction `tx` ends.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn may_enter(&self, tx: &Executor<'_>, proven: &User) -> Result<bool> {
        let is_unchanged = self.users.is_unchanged(tx, proven, LockType::Share).await?;
        Ok(is_unchanged && !self.moderation.is_banned(tx, proven.id).await?)
    }

    /// Disables the account: nothing opens it until it is enabled, and its sessions end.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn disable(&self, user: UserId, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let now = it.clock.now();
                let changed = it.users.change(tx, user, |row| row.disabled_at = Set(Some(now))).await?;
                let subjects = it.grants.end_sessions(tx, user, None).await?;
                it.audit.record(tx, doer.event(EventKind::UserDisabled, user)).await?;
                Ok((changed, subjects))
            })
        })
        .await
    }

    /// Enables the account again.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn enable(&self, user: UserId, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let changed = it.users.change(tx, user, |row| row.disabled_at = Set(None)).await?;
                it.audit.record(tx, doer.event(EventKind::UserEnabled, user)).await?;
                Ok((changed, vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Bans the account; its sessions end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn ban(&self, user: UserId, ban: NewBan, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let until = ban.lasts.map(|lasts| it.clock.now() + lasts);
                it.users.hold(tx, user).await?;
                it.moderation.ban_user(tx, user, until, ban.reason.clone(), doer.actor.as_ref()).await?;
                let subjects = it.grants.end_sessions(tx, user, None).await?;
                let event = doer.event(EventKind::UserBanned, user).with("reason", ban.reason);
                it.audit.record(tx, event.with("until", until.map(entity::Timestamp::millis))).await?;
                Ok(((), subjects))
            })
        })
        .await
    }

    /// Lifts the ban of the account.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is none.
    pub async fn unban(&self, user: UserId, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                if !it.moderation.unban_user(tx, user).await? {
                    return Err(Error::new(ErrorKind::NotFound, "This account is not banned."));
                }
                it.audit.record(tx, doer.event(EventKind::UserUnbanned, user)).await?;
                Ok(((), vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Deletes the account with all its sessions.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn delete(&self, user: UserId, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                it.users.hold(tx, user).await?;
                let subjects = it.grants.end_sessions(tx, user, None).await?;
                it.moderation.unban_user(tx, user).await?;
                it.users.remove(tx, user).await?;
                it.audit.record(tx, doer.event(EventKind::UserDeleted, user)).await?;
                Ok(((), subjects))
            })
        })
        .await
    }

    /// Ends one session of `user`; answers whether it was there.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_session(&self, user: UserId, session: SessionId, doer: Doer) -> Result<bool> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                if !it.grants.end_session(tx, user, session).await? {
                    return Ok((false, Vec::new()));
                }
                let event = doer.event(EventKind::SignOut, user).with("session", session.to_string());
                it.audit.record(tx, event).await?;
                Ok((true, vec![Subject::Session(session)]))
            })
        })
        .await
    }

    /// Ends every session of `user` but `keep`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_sessions(&self, user: UserId, keep: Option<SessionId>, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                it.users.hold(tx, user).await?;
                let subjects = it.grants.end_sessions(tx, user, keep).await?;
                it.audit.record(tx, doer.event(EventKind::SignOut, user).with("all", true)).await?;
                Ok(((), subjects))
            })
        })
        .await
    }
}
