//! The session of somebody who has proven who they are.

use std::sync::Arc;

use entity::Names;
use secrecy::SecretString;

use super::SignIn;
use crate::error::{ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::connectors::Arrival;
use crate::services::sessions::{BrowserCookie, Entry, Holder, Session};
use crate::services::users::User;

/// Somebody who has proven who they are, and how.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) user: User,
    /// How they came back from a provider, where one let them in.
    pub(super) arrival: Option<Arrival>,
    /// Whether they have proven it for this very sign-in, as far as can be known.
    pub(super) is_fresh: bool,
}

impl Proven {
    pub(super) fn by_password(user: User) -> Self {
        Self { user, arrival: None, is_fresh: true }
    }

    /// A provider does not tell how it asked, so nothing is claimed of that (RFC 8176).
    fn entry(&self) -> Entry {
        let (amr, provider) = match &self.arrival {
            None => (Names::new(["pwd"]), "local".to_owned()),
            Some(arrival) => (Names::default(), arrival.profile.who.connector.clone()),
        };
        let proven_at = self.arrival.as_ref().and_then(|arrival| arrival.proven_at).filter(|_| !self.is_fresh);
        Entry { user: self.user.id, amr, provider, proven_at }
    }
}

impl SignIn {
    pub(super) async fn start(
        &self,
        caller: &Caller,
        proven: Proven,
        holder: Holder,
    ) -> Result<(Session, Option<Secret<BrowserCookie>>, Option<SecretString>)> {
        let (accounts, users, entry) = (self.accounts.clone(), self.users.clone(), proven.entry());
        let (sessions, tokens, audit) = (self.sessions.clone(), Arc::clone(&self.tokens), self.audit.clone());
        let (caller, connectors) = (caller.clone(), self.connectors.clone());
        // ALLOW_EMAIL_LOGIN is off, and ALLOW_EMAIL_LOGIN_OVERRIDE let this one in.
        let is_override = proven.arrival.is_none() && !self.users.settings.email_login;
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // Between the proof and here the account may have changed.
                    if !accounts.may_enter(tx, &proven.user).await? {
                        return Err(ErrorKind::WrongCredentials.into());
                    }
                    let mut event = Event::new(EventKind::SignIn).by(Actor::User(entry.user)).about(entry.user);
                    if is_override {
                        event = event.with("by_override", true);
                    }
                    let mut identity = None;
                    if let Some(Arrival { profile, .. }) = &proven.arrival {
                        event = event.with("provider", profile.who.connector.as_str());
                        let noted = users.note_entry(tx, entry.user, profile).await?;
                        identity = Some(noted.ok_or(ErrorKind::WrongCredentials)?);
                    }
                    let (session, cookie) = sessions.start(tx, entry, &caller, holder).await?;
                    if let (Some(arrival), Some(identity)) = (&proven.arrival, identity) {
                        connectors.note_session(tx, session.id, identity, arrival).await?;
                    }
                    let refresh_token = match holder {
                        Holder::Browser => None,
                        Holder::Tokens(_) => Some(tokens.start_family(tx, &session).await?),
                    };
                    let event = event.from(&caller).with("session", session.id.to_string());
                    audit.record(tx, event).await?;
                    Ok((session, cookie, refresh_token))
                })
            })
            .await
    }
}
