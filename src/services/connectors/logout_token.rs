//! Logout tokens: a provider says that a session over there is over (OpenID Connect Back-Channel Logout
//! 1.0 section 2.6), and whatever came by it here has to end (SEC-093).

use std::time::Duration;

use entity::SessionId;
use entity::spent_logout_token::{ActiveModel, Column, Entity};
use entity::upstream_session as session;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, TryInsertResult};
use serde_json::Value;

use super::Connectors;
use super::connector::{Connector, Provider};
use super::id_token::{FRESH, Unverified};
use super::profile::Claims;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::sha256;
use crate::services::caller::Caller;
use crate::services::database::sweep;
use crate::services::shared::Limit;
use crate::services::users::identity::Who;

/// The member of `events` that makes a token one of these (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How many tokens one network may show within [`WINDOW`]: a provider that signs a whole company out
/// shows fewer, and a flood, which has signatures checked and keys asked for, stays bounded.
const MOST: u32 = 6000;
const WINDOW: Duration = Duration::from_secs(600);
/// How long the clocks of two nodes may be apart.
const APART: Duration = Duration::from_secs(60);

/// What a genuine token says.
#[derive(Debug)]
pub struct Over {
    /// The sessions here that came by what is over.
    pub sessions: Vec<SessionId>,
    spent: ActiveModel,
}

impl Connectors {
    /// What `token` of `connector` ends. It may be shown again until it is [spent](Self::spend), so that
    /// a provider that is told to try once more is heard.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for everything but a fresh and genuine token that was never spent;
    /// [`ErrorKind::Unavailable`] when nobody can tell now; [`ErrorKind::TooManyRequests`] for a flood.
    pub async fn over(&self, connector: &Connector, token: &str, caller: &Caller) -> Result<Over> {
        let limit = Limit { max: MOST, window: WINDOW };
        let hit = self.parts.shared.counters.hit(&format!("logout tokens/{}", caller.network()), limit);
        hit.map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))?;
        self.read_over(connector, token).await.map_err(|error| match error.kind {
            ErrorKind::ProviderFailed => {
                tracing::info!(connector = connector.id, ?error, "a logout token is not taken");
                let words = "The logout token is not one that this provider has just made for us.";
                Error::new(ErrorKind::InvalidRequest, words)
            }
            _ => error,
        })
    }

    async fn read_over(&self, connector: &Connector, token: &str) -> Result<Over> {
        let provider = self.looked_up.provider(connector).await?;
        let token = Unverified::read_as(token, &provider, &["JWT", "logout+jwt"])?;
        let enough = |keys: &[_]| token.knows_key(keys) && (token.has_kid() || token.is_signed_by(keys));
        let keys = self.looked_up.keys(connector, &provider, enough).await?;
        let claims = token.genuine(&keys)?;
        let now = self.parts.clock.now();
        let jti = check(&claims, connector, &provider, now.seconds())?;
        // Neither an id nor an issuer holds a zero byte, so no two of these make one text.
        let id = sha256(format!("{}\0{}\0{jti}", connector.id, provider.issuer).as_bytes());
        if Entity::find_by_id(id.clone()).one(self.parts.database.read()).await?.is_some() {
            return Err(refused("it was used before"));
        }
        let lasts = FRESH + connector.clock_tolerance + connector.clock_tolerance + APART;
        let spent = ActiveModel { id: Set(id), expires_at: Set(now + lasts) };
        Ok(Over { sessions: self.came_by(connector, &provider, &claims).await?, spent })
    }

    /// The sessions that came by what the claims name: a session over there, all of a person, or the one
    /// of that person.
    async fn came_by(&self, connector: &Connector, provider: &Provider, claims: &Claims) -> Result<Vec<SessionId>> {
        let mut which = Condition::all()
            .add(session::Column::Connector.eq(&connector.id))
            .add(session::Column::Issuer.eq(&provider.issuer));
        if let Some(sid) = text(claims, "sid") {
            which = which.add(session::Column::Sid.eq(sid));
        }
        if let Some(subject) = text(claims, "sub") {
            let (connector, issuer) = (connector.id.clone(), provider.issuer.clone());
            let who = Who { connector, issuer, subject: subject.to_owned() };
            let Some(identity) = self.parts.users.identity(&who).await? else { return Ok(Vec::new()) };
            which = which.add(session::Column::IdentityId.eq(identity.id));
        }
        let rows = session::Entity::find().filter(which).all(self.parts.database.read()).await?;
        Ok(rows.into_iter().map(|row| row.session_id).collect())
    }

    /// Spends the token, once what it ends is over; answers whether it was the first time.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn spend(&self, over: Over) -> Result<bool> {
        let insert = Entity::insert(over.spent).on_conflict_do_nothing_on([Column::Id]);
        let write = self
            .parts
            .database
            .write_statement(|tx| Box::pin(async move { Ok(insert.exec_without_returning(tx).await?) }));
        Ok(matches!(write.await?, TryInsertResult::Inserted(1..)))
    }

    /// Removes up to `most` ids of tokens that would be too old by now; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_logout_tokens(&self, most: u64) -> Result<u64> {
        let old = Column::ExpiresAt.lte(self.parts.clock.now());
        sweep(&self.parts.database, Entity, Column::Id, old, most).await
    }
}

/// Checks all that does not need a look at our own rows (section 2.6); answers the `jti`.
fn check<'c>(claims: &'c Claims, connector: &Connector, provider: &Provider, now: i64) -> Result<&'c str> {
    if text(claims, "iss") != Some(provider.issuer.as_str()) {
        return Err(refused("its issuer is another one"));
    }
    let is_us = |audience: &Value| audience.as_str() == Some(connector.client_id.as_str());
    let is_ours = match claims.get("aud") {
        Some(Value::Array(list)) => list.iter().any(is_us),
        other => other.is_some_and(is_us),
    };
    if !is_ours {
        return Err(refused("it was made for another client"));
    }
    let slack = i64::try_from(connector.clock_tolerance.as_secs()).unwrap_or_default();
    let fresh = i64::try_from(FRESH.as_secs()).unwrap_or_default();
    let issued = claims.get("iat").and_then(Value::as_i64);
    if !issued.is_some_and(|at| at <= now + slack && at + fresh + slack >= now) {
        return Err(refused("it was not made just now"));
    }
    // The drafts had none.
    if claims.get("exp").is_some_and(|until| until.as_i64().is_none_or(|until| until.saturating_add(slack) <= now)) {
        return Err(refused("it has expired"));
    }
    if claims.contains_key("nonce") {
        return Err(refused("it holds a nonce, as an ID token does"));
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err(refused("it tells of no logout"));
    }
    let named = ["sid", "sub"].map(|name| claims.get(name).map(|_| text(claims, name).is_some()));
    if named == [None, None] || named.contains(&Some(false)) {
        return Err(refused("it names neither a session nor a person"));
    }
    text(claims, "jti").ok_or_else(|| refused("it has no jti"))
}

fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn refused(why: &'static str) -> Error {
    super::failure::upstream(why)
}
