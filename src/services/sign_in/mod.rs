//! Every way of signing in ends here: count, prove, ban?, start, audit.

mod anew;
mod connector;
mod device;
mod picture;
mod start;

use std::sync::Arc;

use secrecy::SecretString;

use super::accounts::Accounts;
use super::audit::{Actor, Audit, Event, EventKind};
use super::caller::Caller;
use super::connectors::Connectors;
use super::database::Database;
use super::grants::Grants;
use super::metrics::{Metrics, Outcome};
use super::moderation::{Ban, Moderation, Violation};
use super::sessions::{BrowserCookie, Holder, Live, Session, Sessions};
use super::shared::Subject;
use super::tokens::{Refreshed, Tokens};
use super::users::email::Email;
use super::users::password::Hasher;
use super::users::{User, Users};
use crate::clock::{Clock, rfc3339};
use crate::error::{BanNotice, Error, ErrorKind, Result};
use crate::secret::Secret;
use start::Proven;

/// What a person typed to sign in.
#[derive(Debug)]
pub struct Credentials<'a> {
    /// The address, in any form.
    pub email: &'a str,
    /// The password.
    pub password: &'a SecretString,
}

/// The services that signing in joins.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Rows.
    pub database: Database,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The audit.
    pub audit: Audit,
    /// People.
    pub users: Users,
    /// Password hashing.
    pub hasher: Hasher,
    /// Limits and bans.
    pub moderation: Moderation,
    /// Sessions.
    pub sessions: Sessions,
    /// Changes to accounts.
    pub accounts: Accounts,
    /// What people granted clients.
    pub grants: Grants,
    /// Tokens.
    pub tokens: Arc<Tokens>,
    /// Other providers.
    pub connectors: Connectors,
    /// The time.
    pub clock: Clock,
    /// The life of what the session API gives.
    pub refresh_lifetime: std::time::Duration,
}

impl SignIn {
    /// Signs a browser in; whatever session it held before is over.
    ///
    /// # Errors
    /// [`ErrorKind::WrongCredentials`], alike for every reason that a stranger must not learn;
    /// after the right password [`ErrorKind::Banned`] or [`ErrorKind::Disabled`];
    /// [`ErrorKind::TooManyRequests`]; [`ErrorKind::Unavailable`].
    pub async fn browser(
        &self,
        caller: &Caller,
        credentials: &Credentials<'_>,
        before: Option<&Live>,
    ) -> Result<(Session, Secret<BrowserCookie>)> {
        let user = self.prove_password(caller, credentials).await?;
        self.enter(caller, Proven::by_password(user), before).await
    }

    /// Lets somebody who has proven who they are in with a browser, as [`Self::browser`] does.
    async fn enter(
        &self,
        caller: &Caller,
        proven: Proven,
        before: Option<&Live>,
    ) -> Result<(Session, Secret<BrowserCookie>)> {
        if let Some(before) = before {
            if before.user.id == proven.user.id {
                return self.again(caller, before, proven).await;
            }
            let doer = super::accounts::Doer::person(before.user.id, caller);
            self.accounts.end_session(before.user.id, before.session.id, doer).await?;
        }
        let (session, cookie, _) = self.start(caller, proven, Holder::Browser).await?;
        let cookie = cookie.ok_or_else(|| Error::internal("a browser session came without its cookie"))?;
        Ok((session, cookie))
    }

    /// The same person once more: the session goes on with what hangs on it, under another cookie
    /// and, where that was proven now, with a fresh `auth_time`.
    async fn again(&self, caller: &Caller, before: &Live, proven: Proven) -> Result<(Session, Secret<BrowserCookie>)> {
        let Proven { arrival, is_fresh, .. } = proven;
        let (live, accounts, sessions, audit) =
            (before.clone(), self.accounts.clone(), self.sessions.clone(), self.audit.clone());
        let (users, connectors) = (self.users.clone(), self.connectors.clone());
        let event = Event::new(EventKind::Reauthenticated).by(Actor::User(live.user.id)).about(live.user.id);
        let event = event.from(caller).with("session", live.session.id.to_string());
        let written = self.database.write(move |tx| {
            Box::pin(async move {
                let (user, id) = (live.user.id, live.session.id);
                if !accounts.may_enter(tx, &live.user).await? || !sessions.is_there(tx, id, user).await? {
                    return Err(ErrorKind::WrongCredentials.into());
                }
                let proven = match is_fresh {
                    true => sessions.authenticate_again(tx, id).await?,
                    false => (live.session.clone(), sessions.reissue(tx, id).await?),
                };
                if let Some(arrival) = &arrival {
                    let identity = users.note_entry(tx, user, &arrival.profile).await?;
                    let identity = identity.ok_or(ErrorKind::WrongCredentials)?;
                    connectors.note_session(tx, id, identity, arrival).await?;
                }
                audit.record(tx, event).await?;
                let pending = sessions.shared().announce(tx, vec![Subject::Session(id)]).await?;
                Ok((proven, pending))
            })
        });
        let (proven, pending) = written.await?;
        self.sessions.shared().apply(&pending);
        Ok(proven)
    }

    /// Signs in through the session API: a session of its own and a refresh family.
    ///
    /// # Errors
    /// As [`Self::browser`].
    pub async fn session_api(&self, caller: &Caller, credentials: &Credentials<'_>) -> Result<Refreshed> {
        let user = self.prove_password(caller, credentials).await?;
        self.enter_chat(caller, Proven::by_password(user)).await
    }

    /// Lets somebody who has proven who they are in by the session API.
    async fn enter_chat(&self, caller: &Caller, proven: Proven) -> Result<Refreshed> {
        let user = proven.user.clone();
        let holder = Holder::Tokens(self.refresh_lifetime);
        let (session, _, refresh_token) = self.start(caller, proven, holder).await?;
        let refresh_token = refresh_token.ok_or_else(|| Error::internal("a session came without its family"))?;
        let expires_at = session.expires_at;
        Ok(Refreshed { live: Live { session, user, banned: false }, refresh_token, expires_at })
    }

    /// Proves that `credentials` are a person's who may enter. The work is the same whoever it is:
    /// one look-up, one hash, one row.
    async fn prove_password(&self, caller: &Caller, credentials: &Credentials<'_>) -> Result<User> {
        let proven = self.prove_uncounted(caller, credentials).await;
        self.metrics.signed_in(Outcome::from(&proven));
        proven
    }

    async fn prove_uncounted(&self, caller: &Caller, credentials: &Credentials<'_>) -> Result<User> {
        self.moderation.check(Violation::Login, caller)?;
        let canonical = Email::parse(credentials.email)
            .map_or_else(|_| credentials.email.trim().to_lowercase(), |email| email.canonical().to_owned());
        self.moderation.check_account(Violation::Login, &canonical)?;
        let user = self.users.by_email(&canonical).await?;
        let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let verdict = self.hasher.verify(credentials.password, stored).await?;
        let (Some(user), true) = (user.as_ref(), verdict.good) else {
            self.note_refusal(caller, &canonical, user.as_ref(), ErrorKind::WrongCredentials).await?;
            return Err(ErrorKind::WrongCredentials.into());
        };
        if let Err(refusal) = self.admit(user).await {
            self.note_refusal(caller, &canonical, Some(user), refusal.kind).await?;
            return Err(refusal);
        }
        self.moderation.clear_account(Violation::Login, &canonical);
        if verdict.needs_upgrade {
            self.upgrade(user, credentials.password).await;
        }
        Ok(user.clone())
    }

    /// Says to somebody who has proven who they are whether they may enter.
    async fn admit(&self, user: &User) -> Result<()> {
        if let Some(ban) = self.moderation.ban_of(user.id).await? {
            return Err(self.banned(ban));
        }
        if user.disabled_at.is_some() {
            return Err(ErrorKind::Disabled.into());
        }
        Ok(())
    }

    fn banned(&self, ban: Ban) -> Error {
        let until = ban.expires_at.map(|at| format!(" until {}", rfc3339(at))).unwrap_or_default();
        let reason = ban.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let mut error = Error::new(ErrorKind::Banned, format!("This account is banned{until}{reason}."));
        error.retry_after = ban.expires_at.map(|until| until.since(self.clock.now()));
        let notice = BanNotice { since: ban.created_at, until: ban.expires_at, reason: ban.reason };
        error.ban = Some(Box::new(notice));
        error
    }

    async fn note_refusal(&self, caller: &Caller, account: &str, user: Option<&User>, why: ErrorKind) -> Result<()> {
        let mut event = Event::new(EventKind::SignInRefused).from(caller).with("why", why.code());
        if let Some(user) = user {
            event = event.about(user.id);
        }
        self.audit.record_summed(event, &format!("{account}\n{}", why.code())).await
    }

    /// Makes a weaker or foreign hash anew. A busy pool puts it off to the next sign-in.
    async fn upgrade(&self, user: &User, password: &SecretString) {
        let Some(old) = user.password_hash.clone() else { return };
        let upgraded = match self.hasher.hash(password).await {
            Ok(new) => self.accounts.upgrade_hash(user.id, old, new).await,
            Err(error) => Err(error),
        };
        if let Err(error) = upgraded {
            tracing::info!(user = %user.id, ?error, "a password hash waits for its upgrade");
        }
    }
}
