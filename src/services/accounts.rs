//! Changes to a person's account that their sessions must feel: each is one transaction over the
//! account, its sessions, the audit, and the row that tells every server.

use std::sync::Arc;

use entity::{Names, SessionId, UserId};
use futures_util::future::BoxFuture;
use sea_orm::ActiveValue::Set;

use super::audit::{Actor, Audit, Event, EventKind};
use super::caller::Caller;
use super::database::{Database, Executor};
use super::moderation::Moderation;
use super::sessions::Sessions;
use super::shared::{Shared, Subject};
use super::users::email::Email;
use super::users::{ADMIN, Created, NewUser, User, Users};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

/// Who makes a change, and from where.
#[derive(Clone, Debug)]
pub struct Doer {
    /// Who, where anybody is known.
    pub actor: Option<Actor>,
    /// From where; none from the shell.
    pub caller: Option<Caller>,
}

impl Doer {
    /// Whoever has the shell.
    #[must_use]
    pub fn command() -> Self {
        Self { actor: Some(Actor::Command), caller: None }
    }

    /// A person, from where they call.
    #[must_use]
    pub fn person(user: UserId, caller: &Caller) -> Self {
        Self { actor: Some(Actor::User(user)), caller: Some(caller.clone()) }
    }

    /// Somebody who is not known yet.
    #[must_use]
    pub fn stranger(caller: &Caller) -> Self {
        Self { actor: None, caller: Some(caller.clone()) }
    }

    fn event(&self, kind: EventKind, user: UserId) -> Event {
        let mut event = Event::new(kind).about(user);
        if let Some(actor) = &self.actor {
            event = event.by(actor.clone());
        }
        match &self.caller {
            Some(caller) => event.from(caller),
            None => event,
        }
    }
}

/// A ban to be set.
#[derive(Clone, Debug, Default)]
pub struct NewBan {
    /// For how long; none: until it is lifted.
    pub lasts: Option<std::time::Duration>,
    /// Why, in words that the person reads.
    pub reason: Option<String>,
}

/// The changes.
#[derive(Clone, Debug)]
pub struct Accounts {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    users: Users,
    moderation: Moderation,
    sessions: Sessions,
    clock: Clock,
}

/// What a change does in its transaction; it answers the row and what must be forgotten.
type Change<'c, T> = BoxFuture<'c, Result<(T, Vec<Subject>)>>;

impl Accounts {
    /// Over the services that it joins.
    #[must_use]
    pub fn new(
        database: Database,
        audit: Audit,
        users: Users,
        moderation: Moderation,
        sessions: Sessions,
        clock: Clock,
    ) -> Self {
        let shared = Arc::clone(sessions.shared());
        Self { database, shared, audit, users, moderation, sessions, clock }
    }

    /// Runs `change` and tells every server what it answers, in one transaction.
    async fn transact<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c Self, &'c Executor<'c>) -> Change<'c, T> + Send + 'static,
    {
        let accounts = self.clone();
        let written = self.database.write(move |tx| {
            Box::pin(async move {
                let (value, subjects) = change(&accounts, tx).await?;
                let pending = match subjects.is_empty() {
                    true => None,
                    false => Some(accounts.shared.announce(tx, subjects).await?),
                };
                Ok((value, pending))
            })
        });
        let (value, pending) = written.await?;
        if let Some(pending) = pending {
            self.shared.apply(&pending);
        }
        Ok(value)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn create(&self, new: NewUser, doer: Doer) -> Result<Created> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let created = it.users.create(tx, new).await?;
                if let Created::New(user) = &created {
                    let event = doer.event(EventKind::UserCreated, user.id).with("provider", user.provider.clone());
                    it.audit.record(tx, event.with("roles", user.roles.to_string())).await?;
                }
                Ok((created, Vec::new()))
            })
        })
        .await
    }

    /// Gives the account another display name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn rename(&self, user: UserId, name: String, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let changed = it.users.change(tx, user, |row| row.name = Set(name)).await?;
                it.audit.record(tx, doer.event(EventKind::UserChanged, user)).await?;
                Ok((changed, vec![Subject::User(user)]))
            })
        })
        .await
    }

    /// Sets a new password hash; every session but `keep` ends.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the account is gone.
    pub async fn set_password(&self, user: UserId, hash: String, keep: Option<SessionId>, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let now = it.clock.now();
                let changed = it.users.change(tx, user, |row| {
                    row.password_hash = Set(Some(hash));
                    row.password_changed_at = Set(Some(now));
                });
                let changed = changed.await?;
                let subjects = it.sessions.remove_all(tx, user, keep).await?;
                it.audit.record(tx, doer.event(EventKind::PasswordChanged, user)).await?;
                Ok((changed, subjects))
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
                    roles.map(|roles| row.roles = Set(roles));
                    groups.map(|groups| row.groups = Set(groups));
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

    /// Disables the account: nothing opens it until it is enabled, and its sessions end.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is gone.
    pub async fn disable(&self, user: UserId, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let now = it.clock.now();
                let changed = it.users.change(tx, user, |row| row.disabled_at = Set(Some(now))).await?;
                let subjects = it.sessions.remove_all(tx, user, None).await?;
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
                it.moderation.ban_user(tx, user, until, ban.reason.clone(), doer.actor.as_ref()).await?;
                let subjects = it.sessions.remove_all(tx, user, None).await?;
                let event = doer.event(EventKind::UserBanned, user).with("reason", ban.reason);
                it.audit.record(tx, event.with("until", until.map(|at| at.millis()))).await?;
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
                let subjects = it.sessions.remove_all(tx, user, None).await?;
                it.moderation.unban_user(tx, user).await?;
                it.users.remove(tx, user).await?;
                it.audit.record(tx, doer.event(EventKind::UserDeleted, user)).await?;
                Ok(((), subjects))
            })
        })
        .await
    }

    /// Makes an administrator who can sign in of whoever has `email`: a new account where there is
    /// none; else role, password, confirmed address, and neither disabled nor banned.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn recover_admin(&self, email: Email, hash: String, doer: Doer) -> Result<User> {
        let known = self.users.by_email(email.canonical()).await?;
        self.transact(move |it, tx| {
            Box::pin(async move {
                let id = match known {
                    Some(user) => user.id,
                    None => it.users.create_operator(tx, email).await?.id,
                };
                let now = it.clock.now();
                let changed = it.users.change(tx, id, |row| {
                    row.roles = Set(Names::new([ADMIN]));
                    row.email_verified = Set(true);
                    row.disabled_at = Set(None);
                    row.password_hash = Set(Some(hash));
                    row.password_changed_at = Set(Some(now));
                });
                let changed = changed.await?;
                it.moderation.unban_user(tx, id).await?;
                let subjects = it.sessions.remove_all(tx, id, None).await?;
                it.audit.record(tx, doer.event(EventKind::AdminRecovered, id)).await?;
                Ok((changed, subjects))
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
                if !it.sessions.remove(tx, session, user).await? {
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
                let subjects = it.sessions.remove_all(tx, user, keep).await?;
                it.audit.record(tx, doer.event(EventKind::SignOut, user).with("all", true)).await?;
                Ok(((), subjects))
            })
        })
        .await
    }
}
