//! Accounts at other providers that open one here: made with it, linked, taken away.

use entity::{IdentityId, UserId};
use sea_orm::ActiveValue::Set;

use super::{Accounts, Doer};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::EventKind;
use crate::services::database::Executor;
use crate::services::shared::Subject;
use crate::services::users::identity::{ClaimedEmail, Profile};
use crate::services::users::{Created, NewUser, User};

impl Accounts {
    /// Makes an account that `profile` opens.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when `profile` opens another one by now; when the database is away.
    pub async fn create_for(&self, new: NewUser, profile: Profile, doer: Doer) -> Result<Created> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let created = it.users.create(tx, new).await?;
                if let Created::New(user) = &created {
                    let event = doer.event(EventKind::UserCreated, user.id).with("provider", user.provider.clone());
                    it.audit.record(tx, event.with("roles", user.roles.to_string())).await?;
                    it.put_identity(tx, user.id, &profile, &doer).await?;
                }
                Ok((created, Vec::new()))
            })
        })
        .await
    }

    /// Lets `profile` open the account of `proven` from now on, who may still enter. Where the provider
    /// vouches for the account's own address, that counts as confirmed.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when it opens an account already, or that of `proven` has changed
    /// meanwhile; when the database is away.
    pub async fn link(&self, proven: User, profile: Profile, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                if !it.may_enter(tx, &proven).await? {
                    let words = "Your account was changed elsewhere in the meantime. Sign in again.";
                    return Err(Error::new(ErrorKind::Conflict, words));
                }
                it.put_identity(tx, proven.id, &profile, &doer).await?;
                let vouches =
                    |email: &ClaimedEmail| email.verified && email.address.canonical() == proven.email_canonical;
                if proven.email_verified || !profile.email.as_ref().is_some_and(vouches) {
                    return Ok((proven, Vec::new()));
                }
                let changed = it.users.change(tx, proven.id, |row| row.email_verified = Set(true)).await?;
                it.audit.record(tx, doer.event(EventKind::EmailVerified, proven.id)).await?;
                Ok((changed, vec![Subject::User(proven.id)]))
            })
        })
        .await
    }

    async fn put_identity(&self, tx: &Executor<'_>, user: UserId, profile: &Profile, doer: &Doer) -> Result<()> {
        if !self.users.link(tx, user, profile).await? {
            let words = "That account over there opens another account here. Take it away there first.";
            return Err(Error::new(ErrorKind::Conflict, words));
        }
        let event = doer.event(EventKind::IdentityLinked, user).with("connector", profile.who.connector.as_str());
        self.audit.record(tx, event).await
    }

    /// Takes the identity `id` away from `user`; never the last way in, which `has_other` knows of
    /// besides identities.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is not theirs; [`ErrorKind::Conflict`] for the last way in.
    pub async fn unlink(&self, user: UserId, id: IdentityId, has_other: bool, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                // Held, so that of two that go at once the second sees that it is the last.
                it.users.hold(tx, user).await?;
                let gone = it.users.unlink(tx, user, id).await?.ok_or(ErrorKind::NotFound)?;
                if !has_other && it.users.count_identities(tx, user).await? == 0 {
                    let words = "This is your only way in. Connect another one first.";
                    return Err(Error::new(ErrorKind::Conflict, words));
                }
                let event = doer.event(EventKind::IdentityUnlinked, user).with("connector", gone.connector);
                it.audit.record(tx, event).await?;
                Ok(((), Vec::new()))
            })
        })
        .await
    }
}
