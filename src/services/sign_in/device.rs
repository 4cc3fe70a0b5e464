//! A device that a person has let in (RFC 8628): it gets a session of its own, which is seen and
//! ended like any other.

use secrecy::SecretString;

use super::SignIn;
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::grants::{Device, Grant, scope};
use crate::services::sessions::{Entry, Holder, Live, Session};
use crate::services::tokens::{TokenSet, may_enter};

impl SignIn {
    /// Exchanges the device code `text` of `client`, once a person has let the device in.
    ///
    /// # Errors
    /// [`ErrorKind::AuthorizationPending`], [`ErrorKind::SlowDown`], [`ErrorKind::ExpiredToken`],
    /// [`ErrorKind::AccessDenied`], also when whoever let it in may not enter, has signed out meanwhile, or
    /// had signed in so long ago that nothing could be refreshed; [`ErrorKind::InvalidScope`] when the
    /// client may ask for nothing of it any more; [`ErrorKind::InvalidGrant`],
    /// [`ErrorKind::InvalidTarget`]; when the database is away.
    pub async fn device(&self, client: &Client, text: &str, resources: &[String], caller: &Caller) -> Result<TokenSet> {
        let device = self.grants.poll(client, text).await?.cut_for(client);
        if device.scope.as_slice().is_empty() {
            return Err(ErrorKind::InvalidScope.into());
        }
        let audience = self.tokens.audience(client, &device.scope, device.resources.as_slice(), resources)?;
        let by = match device.session {
            Some(id) => self.sessions.look_up(id).await?,
            None => None,
        };
        let may_decide = |by: &Live| by.is_alive(self.clock.now()) && may_enter(client, by);
        let by = by.filter(may_decide).ok_or_else(withdrawn)?;
        let (session, grant, refresh_token) = self.let_in(device, &by, caller).await?;
        let live = Live { session, ..by };
        self.tokens.for_device(client, &grant, &live, audience, refresh_token).await
    }

    /// Uses the code up and starts the session of `device`, in one transaction with its grant.
    async fn let_in(
        &self,
        device: Device,
        by: &Live,
        caller: &Caller,
    ) -> Result<(Session, Grant, Option<SecretString>)> {
        let life = self.tokens.longest(device.scope.contains(scope::OFFLINE_ACCESS), by.session.authenticated_at());
        if life.is_zero() {
            return Err(withdrawn());
        }
        let at = Caller {
            address: device.address.parse().map_err(Error::internal)?,
            user_agent: device.user_agent.clone(),
            request_id: caller.request_id.clone(),
        };
        let Live { session, user, .. } = by;
        let (amr, provider) = (session.amr.clone(), session.provider.clone());
        let entry = Entry { user: user.id, amr, provider, proven_at: None };
        let (it, by, caller) = (self.clone(), by.clone(), caller.clone());
        let written = self.database.write(move |tx| {
            Box::pin(async move {
                // Between the decision and here the account or its session may have ended. Both are held before
                // the code, as by whoever deletes the account, so that no two wait for each other.
                if !it.accounts.may_enter(tx, &by.user).await? || !it.sessions.share(tx, by.session.id).await? {
                    return Err(withdrawn());
                }
                if !it.grants.spend_device(tx, &device).await? {
                    return Err(Error::new(ErrorKind::InvalidGrant, "The device code is not valid."));
                }
                let (session, _) = it.sessions.start(tx, entry, &at, Holder::Tokens(life)).await?;
                let grant = it.grants.grant_device(tx, &device, &session, by.session.authenticated_at()).await?;
                let refresh_token = match grant.offline {
                    true => Some(it.tokens.start_grant_family(tx, &grant).await?),
                    false => None,
                };
                let event = Event::new(EventKind::SignIn).by(Actor::User(by.user.id)).about(by.user.id).from(&caller);
                let event = event.with("client", device.client_id.as_str()).with("by", by.session.id.to_string());
                it.audit.record(tx, event.with("session", session.id.to_string())).await?;
                Ok((session, grant, refresh_token))
            })
        });
        written.await
    }
}

fn withdrawn() -> Error {
    Error::new(ErrorKind::AccessDenied, "Whoever let the device in is not here any more.")
}
