//! What a person proves themselves by, and what they may do: password, address, roles.

use entity::{Names, SessionId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;

use super::{Accounts, Doer};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::{Event, EventKind};
use crate::services::database::Executor;
use crate::services::sessions::{BrowserCookie, Live};
use crate::services::shared::Subject;
use crate::services::users::email::Email;
use crate::services::users::{User, as_admin};

impl Accounts {
    /// Sets a new password hash, whatever it was before; every session ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the account is gone.
    pub async fn set_password(&self, user: UserId, hash: String, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| Box::pin(async move { it.put_password(tx, user, hash, None, &doer).await })).await
    }

    async fn put_password(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        hash: String,
        keep: Option<SessionId>,
        doer: &Doer,
    ) -> Result<(User, Vec<Subject>)> {
        let now = self.clock.now();
        let changed = self.users.change(tx, user, |row| {
            row.password_hash = Set(Some(hash));
            row.password_changed_at = Set(Some(now));
        });
        let changed = changed.await?;
        let subjects = self.grants.end_sessions(tx, user, keep).await?;
        self.audit.record(tx, doer.event(EventKind::PasswordChanged, user)).await?;
        Ok((changed, subjects))
    }

    /// Gives the person of `live` a new password hash; their other sessions end, and this one goes
    /// on under a new cookie, which is answered.
    ///
    /// Nothing happens when the account or the session has changed since `live` was read: of two
    /// changes at once the later one was allowed by a password that is none any more.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] in that case.
    pub async fn change_password(&self, live: Live, hash: String, doer: Doer) -> Result<Secret<BrowserCookie>> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let Live { session, user, .. } = live;
                let is_same = it.users.is_unchanged(tx, &user, LockType::Update).await?
                    && it.sessions.is_there(tx, session.id, user.id).await?;
                if !is_same {
                    let words = "Your account was changed elsewhere in the meantime. Sign in again.";
                    return Err(Error::new(ErrorKind::Conflict, words));
                }
                let subjects = it.put_password(tx, user.id, hash, Some(session.id), &doer).await?.1;
                Ok((it.sessions.reissue(tx, session.id).await?, subjects))
            })
        })
        .await
    }

    /// Puts the hash of a password that was just proven under today's parameters.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn upgrade_hash(&self, user: UserId, old: String, new: String) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                if it.users.upgrade_hash(tx, user, old, new).await? {
                    let event = Event::new(EventKind::PasswordUpgraded).about(user);
                    it.audit.record(tx, event).await?;
                }
                Ok(((), Vec::new()))
            })
        })
        .await
    }

    /// Gives the account these roles, or these groups, or both.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn set_roles(
        &self,
        user: UserId,
        roles: Option<Names>,
        groups: Option<Names>,
        doer: Doer,
    ) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let changed = it.users.change(tx, user, |row| {
                    if let Some(roles) = roles {
                        row.roles = Set(roles);
                    }
                    if let Some(groups) = groups {
                        row.groups = Set(groups);
                    }
                });
                let changed = changed.await?;
                let event = doer.event(EventKind::RolesChanged, user);
                let event = event.with("roles", changed.roles.to_string()).with("groups", changed.groups.to_string());
                it.audit.record(tx, event).await?;
                Ok((changed, vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Says that the address is the person's.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the account is gone.
    pub async fn verify_email(&self, user: UserId, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let changed = it.users.change(tx, user, |row| row.email_verified = Set(true)).await?;
                it.audit.record(tx, doer.event(EventKind::EmailVerified, user)).await?;
                Ok((changed, vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Makes an administrator who can sign in of whoever has `email`: a new account where there is
    /// none; else its role beside others, password, confirmed address, and neither disabled nor banned.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn recover_admin(&self, email: Email, hash: String, doer: Doer) -> Result<User> {
        let known = self.users.by_email(email.canonical()).await?;
        self.transact(move |it, tx| {
            Box::pin(async move {
                let User { id, roles, .. } = match known {
                    Some(user) => user,
                    None => it.users.create_operator(tx, email).await?,
                };
                let now = it.clock.now();
                let changed = it.users.change(tx, id, |row| {
                    row.roles = Set(as_admin(&roles));
                    row.email_verified = Set(true);
                    row.disabled_at = Set(None);
                    row.password_hash = Set(Some(hash));
                    row.password_changed_at = Set(Some(now));
                });
                let changed = changed.await?;
                it.moderation.unban_user(tx, id).await?;
                let subjects = it.grants.end_sessions(tx, id, None).await?;
                it.audit.record(tx, doer.event(EventKind::AdminRecovered, id)).await?;
                Ok((changed, subjects))
            })
        })
        .await
    }
}
