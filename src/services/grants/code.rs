//! Authorization codes (RFC 6749 section 4.1): issued once, exchanged once.

use std::time::Duration;

use entity::grant::{ActiveModel, Column, Entity};
use entity::{GrantId, Names, Timestamp, TokenHash, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::request::{AuthorizationRequest, RequestKey};
use super::scope::OFFLINE_ACCESS;
use super::{Grant, Grants};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret, same, sha256};
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::Executor;
use crate::services::sessions::{Live, LiveGrant};
use crate::services::shared::Limit;
use crate::services::users;

/// How many requests of one person are answered at once, without a page, within [`WINDOW`]: far more than apps that
/// sign somebody in silently need in all their tabs.
const PER_PERSON: Limit = Limit { max: 600, window: WINDOW };
/// How many of one network are: five times as many as may begin to wait there, for these show nothing to anybody.
const PER_NETWORK: Limit = Limit { max: 3000, window: WINDOW };
const WINDOW: Duration = Duration::from_secs(600);

/// What a client exchanges for tokens: 256 random bits.
#[derive(Debug)]
pub struct AuthorizationCode;

impl Kind for AuthorizationCode {
    const PREFIX: &'static str = "pst_ac_";
}

/// What a client brings with a code.
#[derive(Debug)]
pub struct Redemption<'a> {
    /// The code.
    pub code: &'a str,
    /// The redirect address of the request that the code answered.
    pub redirect_uri: Option<&'a str>,
    /// The verifier of its challenge (RFC 7636 section 4.5).
    pub verifier: Option<&'a str>,
}

impl Grants {
    /// Counts a request that `user` is about to have answered at once: each is a row, and nobody has to click for it.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] for a flood by one person, or from one network.
    pub fn count_direct(&self, user: UserId, caller: &Caller) -> Result<()> {
        let too_many = |wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait);
        let counters = &self.shared.counters;
        counters.hit(&format!("authorizations of people/{user}"), PER_PERSON).map_err(too_many)?;
        counters.hit(&format!("authorizations of networks/{}", caller.network()), PER_NETWORK).map_err(too_many)
    }

    /// Issues the code that answers `request` for the person of `live`. With `waiting` the request
    /// of that key is taken in the same transaction; none when somebody else has taken it.
    ///
    /// # Errors
    /// When the database is away, or the session has ended meanwhile.
    pub async fn issue_code(
        &self,
        request: &AuthorizationRequest,
        live: &Live,
        waiting: Option<&Secret<RequestKey>>,
        caller: &Caller,
    ) -> Result<Option<Secret<AuthorizationCode>>> {
        let code = Secret::<AuthorizationCode>::generate(&self.random);
        let row = self.row(request, live, code.hash())?;
        let event = Event::new(EventKind::Authorized)
            .by(Actor::User(live.user.id))
            .about(live.user.id)
            .from(caller)
            .with("client", request.client_id.as_str())
            .with("session", live.session.id.to_string());
        let (grants, waiting, session, user) = (self.clone(), waiting.map(Secret::hash), live.session.id, live.user.id);
        // An app may have somebody signed in again and again without their doing.
        let sum = format!("{session}\n{}", request.client_id);
        let issued = self.database.write(move |tx| {
            Box::pin(async move {
                // Held until the grant stands: a logout that happens meanwhile finds and ends it.
                if !users::share(tx, user).await? || !grants.sessions.share(tx, session).await? {
                    return Err(ErrorKind::Unauthenticated.into());
                }
                if let Some(key) = waiting
                    && !grants.take(tx, key).await?
                {
                    return Ok(false);
                }
                Entity::insert(row).exec_without_returning(tx).await?;
                grants.audit.record_summed_in(tx, event, &sum).await?;
                Ok(true)
            })
        });
        Ok(issued.await?.then_some(code))
    }

    fn row(&self, request: &AuthorizationRequest, live: &Live, code: TokenHash) -> Result<ActiveModel> {
        let now = self.clock.now();
        let expires_at = now + self.settings.code_lifetime;
        let claims = match request.claims.is_empty() {
            true => None,
            false => Some(serde_json::to_string(&request.claims).map_err(Error::internal)?),
        };
        Ok(ActiveModel {
            id: Set(GrantId::from_random(self.random.bytes())),
            client_id: Set(request.client_id.clone()),
            user_id: Set(live.user.id),
            session_id: Set(live.session.id),
            scope: Set(request.scopes()),
            audience: Set(Names::new(request.resources.iter().cloned())),
            claims: Set(claims),
            redirect_uri: Set(Some(request.redirect_uri.clone())),
            challenge: Set(request.challenge.clone()),
            nonce: Set(request.nonce.clone()),
            code_hash: Set(Some(code)),
            code_expires_at: Set(Some(expires_at)),
            redeemed_at: Set(None),
            offline: Set(request.scopes().contains(OFFLINE_ACCESS)),
            authenticated_at: Set(live.session.authenticated_at()),
            created_at: Set(now),
            expires_at: Set(expires_at),
        })
    }

    /// The grant of a code that `client` may exchange now, with its session and person, alive or not.
    /// Nothing is consumed yet: that is [`Self::redeem`], in the transaction that makes the tokens.
    ///
    /// A code that was exchanged before ends its grant (RFC 6749 section 4.1.2).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidGrant`], alike for every reason; when the database is away.
    pub async fn of_code(&self, client: &Client, brought: &Redemption<'_>, caller: &Caller) -> Result<LiveGrant> {
        let refused = || Error::new(ErrorKind::InvalidGrant, "The code is not valid.");
        let code = Secret::<AuthorizationCode>::parse(brought.code).ok_or_else(refused)?;
        let found = self.sessions.look_up_code(code.hash()).await?;
        let found = found.filter(|found| found.grant.client_id == client.id).ok_or_else(refused)?;
        let grant = &found.grant;
        if grant.redeemed_at.is_some() {
            self.end(found.grant, EventKind::CodeReplayed, caller).await?;
            return Err(refused());
        }
        let is_in_time = grant.code_expires_at.is_some_and(|end| end > self.clock.now());
        if !is_in_time || grant.redirect_uri.as_deref() != brought.redirect_uri {
            return Err(refused());
        }
        if !proves(brought.verifier, grant.challenge.as_deref()) {
            return Err(Error::new(ErrorKind::InvalidGrant, "The code verifier does not fit."));
        }
        Ok(found)
    }

    /// `grant` as it will be once its code is exchanged: with the life of its tokens, which is longer where it
    /// is `offline` than that of its session.
    #[must_use]
    pub fn redeemed(&self, grant: Grant, session_end: Timestamp) -> Grant {
        // From the sign-in, which a code that is fetched again and again does not put off (SEC-042). The session,
        // too, must find it to the last: by it the client is told of a logout.
        let end = match grant.offline {
            true => std::cmp::max(session_end, grant.authenticated_at + self.settings.offline_lifetime),
            false => session_end,
        };
        Grant { redeemed_at: Some(self.clock.now()), expires_at: end, ..grant }
    }

    /// Makes of the grant in the transaction `tx` what [`Self::redeemed`] has made `grant`; answers whether it
    /// did: not when somebody was faster, or its session has ended.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn redeem(&self, tx: &Executor<'_>, grant: &Grant) -> Result<bool> {
        if !self.sessions.share(tx, grant.session_id).await? {
            return Ok(false);
        }
        let fresh = Column::Id.eq(grant.id).and(Column::RedeemedAt.is_null());
        let changed = Entity::update_many()
            .col_expr(Column::RedeemedAt, Expr::value(grant.redeemed_at))
            .col_expr(Column::ExpiresAt, Expr::value(grant.expires_at))
            .col_expr(Column::Offline, Expr::value(grant.offline))
            .filter(fresh)
            .exec(tx)
            .await?;
        if changed.rows_affected == 0 {
            return Ok(false);
        }
        if grant.offline {
            self.sessions.keep(tx, grant.session_id, grant.expires_at).await?;
        }
        Ok(true)
    }
}

/// Whether `verifier` is the one that `challenge` was made of (RFC 7636 section 4.6). A verifier
/// without a challenge is refused as well: somebody has taken the challenge out (RFC 9700 section 4.8.2).
fn proves(verifier: Option<&str>, challenge: Option<&str>) -> bool {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    match (verifier, challenge) {
        (None, None) => true,
        (Some(verifier), Some(challenge)) => {
            let is_verifier = (43..=128).contains(&verifier.len())
                && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()).as_bytes());
            is_verifier && same(made.as_bytes(), challenge.as_bytes())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_051_a_verifier_fits_its_challenge_and_no_other() {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(proves(Some(verifier), Some(challenge)) && proves(None, None));
        assert!(!proves(Some(verifier), None), "a downgrade");
        assert!(!proves(None, Some(challenge)) && !proves(Some(challenge), Some(challenge)));
        assert!(!proves(Some("short"), Some(challenge)) && !proves(Some(&"a".repeat(129)), Some(challenge)));
    }
}
