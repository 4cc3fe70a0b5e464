//! Accounts at other providers that open one here: made with it, linked, taken away.

use entity::{IdentityId, SessionId, UserId};
use futures_util::future::BoxFuture;
use sea_orm::ActiveValue::Set;

use super::{Accounts, Doer};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::EventKind;
use crate::services::database::Executor;
use crate::services::shared::Subject;
use crate::services::users::identity::Profile;
use crate::services::users::standing::Standing;
use crate::services::users::{ADMIN, Created, NewUser, User};

/// A connector that lets people in.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its id.
    pub connector: String,
    /// What it makes of somebody of whom it says nothing any more.
    pub withdrawn: Standing,
}

impl Accounts {
    /// Makes an account that `profile` opens.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when `profile` opens another one by now; when the database is away.
    pub async fn create_for(&self, new: NewUser, profile: Profile, doer: Doer) -> Result<Created> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let created = it.create_in(tx, new, &doer).await?;
                if let Created::New(user) = &created {
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
                    return Err(changed_meanwhile());
                }
                it.put_identity(tx, proven.id, &profile, &doer).await?;
                if proven.email_verified || !profile.vouches_for(&proven.email_canonical) {
                    return Ok((proven, Vec::new()));
                }
                let changed = it.users.change(tx, proven.id, |row| row.email_verified = Set(true)).await?;
                it.audit.record(tx, doer.event(EventKind::EmailVerified, proven.id)).await?;
                Ok((changed, vec![Subject::User(proven.id)]))
            })
        })
        .await
    }

    /// The same because both sides have proven the address of `proven`. Not where another identity of that
    /// connector opens the account: a provider gives addresses out anew, and this may be somebody else.
    ///
    /// # Errors
    /// [`ErrorKind::AccountExists`] in that case; else as [`Self::link`].
    pub async fn link_by_address(&self, proven: User, profile: Profile, doer: Doer) -> Result<User> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                it.users.hold(tx, proven.id).await?;
                if it.users.linked(tx, proven.id).await?.contains(&profile.who.connector) {
                    return Err(ErrorKind::AccountExists.into());
                }
                if !it.may_enter(tx, &proven).await? {
                    return Err(changed_meanwhile());
                }
                it.put_identity(tx, proven.id, &profile, &doer).await?;
                Ok((proven, Vec::new()))
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

    /// Gives the account of `user` to whoever `profile` is, whose provider vouches for its address while
    /// nobody has confirmed that here: whoever made it knew the address and no more (SEC-105). Password,
    /// sessions, all that hangs on those, what apps and devices were allowed, and every other identity are gone.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the address was confirmed meanwhile, or the account is an
    /// administrator's; when the database is away.
    pub async fn claim(&self, user: User, profile: Profile, doer: Doer) -> Result<()> {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let is_theirs = |now: &User| {
                    profile.vouches_for(&now.email_canonical) && !now.email_verified && !now.roles.contains(ADMIN)
                };
                let Some(now) = it.users.hold(tx, user.id).await?.filter(is_theirs) else {
                    let words = "This account cannot be taken back. Ask the people who run this service.";
                    return Err(Error::new(ErrorKind::Conflict, words));
                };
                let (at, name) = (it.clock.now(), profile.name.clone());
                let changed = it.users.change(tx, now.id, |row| {
                    row.email_verified = Set(true);
                    row.password_hash = Set(None);
                    row.password_changed_at = Set(Some(at));
                    row.provider = Set(profile.who.connector.clone());
                    row.picture = Set(None);
                    if !name.is_empty() {
                        row.name = Set(name);
                    }
                });
                changed.await?;
                // Sessions before identities: what is known of both goes with either, and whoever ends a session
                // begins with that.
                let subjects = it.grants.end_sessions(tx, now.id, None).await?;
                it.users.unlink_all(tx, now.id).await?;
                it.users.drop_picture(tx, now.id).await?;
                it.grants.forget_person(tx, now.id).await?;
                it.audit.record(tx, doer.event(EventKind::UserClaimed, now.id)).await?;
                it.put_identity(tx, now.id, &profile, &doer).await?;
                Ok(((), subjects))
            })
        })
        .await
    }

    /// Takes the identity `id` away from `user`, with the roles and groups that come by it and the sessions
    /// that `came_by` it; never the last way in, where `open` are the connectors that let people in.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when it is not theirs; [`ErrorKind::Conflict`] for the last way in.
    pub async fn unlink<F>(&self, user: UserId, id: IdentityId, open: Vec<Open>, doer: Doer, came_by: F) -> Result<()>
    where
        F: for<'c> FnOnce(&'c Executor<'c>, IdentityId) -> BoxFuture<'c, Result<Vec<SessionId>>> + Send + 'static,
    {
        self.transact(move |it, tx| {
            Box::pin(async move {
                let admins = it.users.hold_admins(tx).await?;
                // Held, so that of two that go at once the second sees that it is the last.
                let now = it.users.hold(tx, user).await?.ok_or(ErrorKind::NotFound)?;
                let mut felt = Vec::new();
                // Before the identity, for what is known of them goes with that.
                for session in came_by(tx, id).await? {
                    if it.grants.end_session(tx, user, session).await? {
                        let event = doer.event(EventKind::SignOut, user).with("session", session.to_string());
                        it.audit.record(tx, event).await?;
                        felt.push(Subject::Session(session));
                    }
                }
                let gone = it.users.unlink(tx, user, id).await?.ok_or(ErrorKind::NotFound)?;
                let has_password = it.users.settings.email_login && now.password_hash.is_some();
                let left = it.users.linked(tx, user).await?;
                if !has_password && !left.iter().any(|left| open.iter().any(|open| open.connector == *left)) {
                    let words = "This is your only way in. Connect another one first.";
                    return Err(Error::new(ErrorKind::Conflict, words));
                }
                let event = doer.event(EventKind::IdentityUnlinked, user).with("connector", gone.connector.clone());
                it.audit.record(tx, event).await?;
                // Nothing over there would ever take them away again.
                let decided = open.iter().find(|open| open.connector == gone.connector);
                if let Some(open) = decided.filter(|open| !left.contains(&open.connector)) {
                    let changed = it.lay(tx, &now, &admins, &open.withdrawn, &gone.connector, &doer).await?;
                    felt.extend(changed.map(|user| Subject::User(user.id)));
                }
                Ok(((), felt))
            })
        })
        .await
    }
}

fn changed_meanwhile() -> Error {
    Error::new(ErrorKind::Conflict, "Your account was changed elsewhere in the meantime. Sign in again.")
}
