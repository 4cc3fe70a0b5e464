//! Changes to a person's account that their sessions must feel: each is one transaction over the
//! account, its sessions, the audit, and the row that tells every server.

mod credentials;
mod doer;
mod identities;
mod provided;
mod profile;
mod standing;

pub use doer::Doer;
pub use identities::Open;
pub use standing::NewBan;

use std::sync::Arc;

use entity::UserId;
use futures_util::future::BoxFuture;
use sea_orm::ActiveValue::Set;

use super::audit::{Audit, Event, EventKind};
use super::database::{Database, Executor};
use super::grants::Grants;
use super::moderation::Moderation;
use super::sessions::Sessions;
use super::shared::{Shared, Subject};
use super::users::{Created, NewUser, User, Users};
use crate::clock::Clock;
use crate::error::Result;

/// The changes.
#[derive(Clone, Debug)]
pub struct Accounts {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    users: Users,
    moderation: Moderation,
    sessions: Sessions,
    grants: Grants,
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
        grants: Grants,
        clock: Clock,
    ) -> Self {
        let shared = Arc::clone(sessions.shared());
        Self { database, shared, audit, users, moderation, sessions, grants, clock }
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
            self.grants.tell_soon();
        }
        Ok(value)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn create(&self, new: NewUser, doer: Doer) -> Result<Created> {
        self.transact(move |it, tx| Box::pin(async move { Ok((it.create_in(tx, new, &doer).await?, Vec::new())) }))
            .await
    }

    async fn create_in(&self, tx: &Executor<'_>, new: NewUser, doer: &Doer) -> Result<Created> {
        let address = new.email.canonical().to_owned();
        let created = self.users.create(tx, new).await?;
        match (&created, &doer.caller) {
            (Created::New(user), _) => {
                let event = doer.event(EventKind::UserCreated, user.id).with("provider", user.provider.clone());
                self.audit.record(tx, event.with("roles", user.roles.to_string())).await?;
            }
            // One commit here as well: a second one would tell by the clock that the address is known.
            (Created::AddressTaken, Some(caller)) => {
                let event = Event::new(EventKind::RegistrationRepeated).from(caller);
                self.audit.record_summed_in(tx, event, &address).await?;
            }
            (Created::AddressTaken, None) => {}
        }
        Ok(created)
    }

    /// Gives the account another display name.
    ///
    /// # Errors
    /// [`NotFound`](crate::error::ErrorKind::NotFound) when it is gone.
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
}
