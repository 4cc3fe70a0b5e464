//! What the token endpoint gives out, one verb per grant (RFC 6749 section 5.1).

use std::sync::Arc;
use std::time::Duration;

use entity::{Names, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::Tokens;
use super::access::{Kept, Made, Order};
use super::today::{allowed_resources, narrowed, own_resources};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::EventKind;
use crate::services::caller::Caller;
use crate::services::clients::{Client, GrantType};
use crate::services::grants::{Grant, Redemption, scope};
use crate::services::sessions::live::LiveFamily;
use crate::services::sessions::{Live, LiveGrant};

/// What a client gets.
#[derive(Debug)]
pub struct TokenSet {
    /// The access token.
    pub access_token: SecretString,
    /// How long it lives.
    pub expires_in: Duration,
    /// What to come back with, where that was granted.
    pub refresh_token: Option<SecretString>,
    /// Who the person is, where `openid` was granted.
    pub id_token: Option<String>,
    /// What was granted, with blanks.
    pub scope: Names,
}

/// What a client asks of a refresh beyond the token.
#[derive(Debug, Default)]
pub struct Wanted<'a> {
    /// Less than was granted; none: all of it.
    pub scope: Option<&'a str>,
    /// The resources that the access token is for (RFC 8707); none: those of the grant.
    pub resources: &'a [String],
}

impl Tokens {
    /// Exchanges a code (RFC 6749 section 4.1.3). All that goes out is made before, and what of it is kept is
    /// written in the one transaction that spends the code: when that fails, the code is as good as it was.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidGrant`], [`ErrorKind::InvalidTarget`]; [`ErrorKind::InvalidScope`] when the client may
    /// ask for nothing of it any more; when the database is away.
    pub async fn exchange_code(
        self: &Arc<Self>,
        client: &Client,
        brought: &Redemption<'_>,
        resources: &[String],
        caller: &Caller,
    ) -> Result<TokenSet> {
        let refused = || Error::new(ErrorKind::InvalidGrant, "The code is not valid.");
        let LiveGrant { grant, live, .. } = self.grants.of_code(client, brought, caller).await?;
        let audience = self.audience(client, &grant.scope, grant.audience.as_slice(), resources)?;
        let scope = narrowed(client, &grant, None)?;
        let grant = Grant { offline: grant.offline && scope.contains(scope::OFFLINE_ACCESS), ..grant };
        if !live.is_alive(self.clock.now()) || !may_enter(client, &live) {
            return Err(refused());
        }
        let grant = self.grants.redeemed(grant, live.session.expires_at);
        let granted = Granted { scope, audience, refresh_token: None, nonce: grant.nonce.clone() };
        let (set, kept) = self.make_set(client, &grant, &live, granted).await?;
        match self.redeem(&grant, kept).await? {
            Some(refresh_token) => Ok(TokenSet { refresh_token, ..set }),
            None => {
                // Two at once with one code: neither may keep what it gets.
                self.grants.end(grant, EventKind::CodeReplayed, caller).await?;
                Err(refused())
            }
        }
    }

    /// Spends the code of `grant` and keeps the access token; answers the refresh token, where there is to be
    /// one. None when somebody was faster.
    async fn redeem(self: &Arc<Self>, grant: &Grant, kept: Kept) -> Result<Option<Option<SecretString>>> {
        let (tokens, grant) = (Arc::clone(self), grant.clone());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if !tokens.grants.redeem(tx, &grant).await? {
                    return Ok(None);
                }
                kept.insert(tx).await?;
                match grant.offline {
                    true => tokens.start_grant_family(tx, &grant).await.map(Some).map(Some),
                    false => Ok(Some(None)),
                }
            })
        });
        write.await
    }

    /// Exchanges a client's refresh token for its successor and a fresh access token (RFC 6749
    /// section 6); repeats follow the same rule as those of sessions.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidGrant`], [`ErrorKind::InvalidScope`], [`ErrorKind::InvalidTarget`]; when
    /// the database is away.
    pub async fn refresh_for(
        &self,
        client: &Client,
        text: &str,
        wanted: &Wanted<'_>,
        caller: &Caller,
    ) -> Result<TokenSet> {
        let refused = || Error::new(ErrorKind::InvalidGrant, "The refresh token is not valid.");
        let asked = |grant: &Grant| {
            let audience = self.audience(client, &grant.scope, grant.audience.as_slice(), wanted.resources)?;
            Ok::<_, Error>((narrowed(client, grant, wanted.scope)?, audience))
        };
        // What can be refused without a rotation is refused before it: the token stays good.
        let is_theirs = |found: &LiveFamily| match &found.grant {
            Some(grant) if grant.client_id == client.id && client.may_ask_for(scope::OFFLINE_ACCESS) => {
                asked(grant).map(|_| may_enter(client, &found.live))
            }
            _ => Ok(false),
        };
        let found = self.succeed(text, is_theirs, self.settings.access_token_lifetime, caller).await?;
        let (found, newest) = found.ok_or_else(refused)?;
        let grant = found.grant.ok_or_else(refused)?;
        let (scope, audience) = asked(&grant)?;
        let granted = Granted { scope, audience, refresh_token: Some(newest.text), nonce: None };
        self.set(client, &grant, &found.live, granted).await
    }

    /// An access token of the client's own authority (RFC 6749 section 4.4).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidScope`], [`ErrorKind::InvalidTarget`]; when the database is away.
    pub async fn for_client(&self, client: &Client, wanted: &Wanted<'_>) -> Result<TokenSet> {
        let asked = scope::words(wanted.scope.unwrap_or_default());
        let mut may = asked.as_slice().iter().map(|one| {
            let registered = client.scope.as_ref().is_some_and(|list| list.as_slice().contains(one));
            let is_right = one != scope::INTROSPECT || client.introspect.is_some();
            registered && is_right && !scope::OF_PEOPLE.contains(&one.as_str())
        });
        if !may.all(|it| it) {
            return Err(ErrorKind::InvalidScope.into());
        }
        let resources = own_resources(client, wanted.resources)?;
        let audience = if resources.is_empty() { vec![self.issuer.clone()] } else { resources };
        let (scope, audience) = (asked, Names::new(audience));
        let order = Order { client, scope: &scope, audience: &audience, granted: None };
        let Made { text: access_token, expires_in, kept } = self.make(&order).await?;
        self.keep(kept).await?;
        Ok(TokenSet { access_token, expires_in, refresh_token: None, id_token: None, scope })
    }

    pub(super) async fn set(&self, client: &Client, grant: &Grant, live: &Live, granted: Granted) -> Result<TokenSet> {
        let (set, kept) = self.make_set(client, grant, live, granted).await?;
        self.keep(kept).await?;
        Ok(set)
    }

    /// As [`Self::set`], with what must be kept of it before it goes out.
    async fn make_set(
        &self,
        client: &Client,
        grant: &Grant,
        live: &Live,
        granted: Granted,
    ) -> Result<(TokenSet, Kept)> {
        let Granted { scope, audience, refresh_token, nonce } = granted;
        let order = Order { client, scope: &scope, audience: &audience, granted: Some((grant, live)) };
        let Made { text: access_token, expires_in, kept } = self.make(&order).await?;
        let id_token = match grant.scope.contains(scope::OPENID) && client.may_ask_for(scope::OPENID) {
            true => Some(self.id_token(client, grant, live, access_token.expose_secret(), nonce.as_deref()).await?),
            false => None,
        };
        Ok((TokenSet { access_token, expires_in, refresh_token, id_token, scope }, kept))
    }

    /// What a device gets that a person has let in (RFC 8628 section 3.5), for `audience`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn for_device(
        &self,
        client: &Client,
        grant: &Grant,
        live: &Live,
        audience: Names,
        refresh_token: Option<SecretString>,
    ) -> Result<TokenSet> {
        let scope = grant.scope.clone();
        self.set(client, grant, live, Granted { scope, audience, refresh_token, nonce: None }).await
    }

    /// How long the tokens of one grant live at most from now on: one alone, or where they are refreshed until the
    /// sign-in at `proven` is too old. Zero when it is that already.
    #[must_use]
    pub fn longest(&self, offline: bool, proven: Timestamp) -> Duration {
        match offline {
            true => (proven + self.settings.refresh_lifetime).since(self.clock.now()),
            false => self.settings.access_token_lifetime,
        }
    }

    /// Whom an access token of `scope` is meant for: the resources `asked` for, which must be among
    /// those `granted`, and this issuer, whose userinfo `openid` opens.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTarget`] for a resource of somebody else.
    pub(in crate::services) fn audience(
        &self,
        client: &Client,
        scope: &Names,
        granted: &[String],
        asked: &[String],
    ) -> Result<Names> {
        let mut audience = allowed_resources(client, granted, asked)?;
        if audience.is_empty() || scope.contains(scope::OPENID) {
            audience.push(self.issuer.clone());
        }
        Ok(Names::new(audience))
    }
}

/// What goes out with a grant this time.
pub(super) struct Granted {
    pub(super) scope: Names,
    pub(super) audience: Names,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) nonce: Option<String>,
}

/// Whether `client` lets the person of `live` in.
#[must_use]
pub fn may_enter(client: &Client, live: &Live) -> bool {
    live.user.email_verified || !client.requires_verified_email
}

/// Whether `client` may use `grant` at all.
///
/// # Errors
/// [`ErrorKind::UnauthorizedClient`] when it may not.
pub fn check_grant_type(client: &Client, grant: GrantType) -> Result<()> {
    match client.grant_types.contains(&grant) {
        true => Ok(()),
        false => Err(ErrorKind::UnauthorizedClient.into()),
    }
}
