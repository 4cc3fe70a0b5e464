//! Access tokens of clients: signed JWTs (RFC 9068), or opaque ones where a client wants them so.

use std::time::Duration;

use entity::access_token::{ActiveModel, Column, Entity, Model};
use entity::{ClientId, GrantId, Names, Timestamp, TokenHash};
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, SqlErr};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims::{self, Claims};
use super::{ACR, Tokens};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret};
use crate::services::clients::{AccessTokenKind, Client, SigningAlgorithm};
use crate::services::database::{Executor, sweep};
use crate::services::grants::{Grant, scope};
use crate::services::sessions::{Live, LiveGrant};

/// The `typ` of a signed access token (RFC 9068 section 2.1).
pub(super) const TYP: &str = "at+jwt";
/// What signs them: small, and quick to sign and to verify.
const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Es256;

/// An opaque access token.
#[derive(Debug)]
pub(super) struct Opaque;

impl Kind for Opaque {
    const PREFIX: &'static str = "pst_at_";
}

/// What an access token is for.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) client: &'a Client,
    pub(super) scope: &'a Names,
    pub(super) audience: &'a Names,
    /// Who granted it; none for the client's own authority (RFC 6749 section 4.4).
    pub(super) granted: Option<(&'a Grant, &'a Live)>,
}

/// An access token that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) text: SecretString,
    /// In whole seconds.
    pub(super) expires_in: Duration,
    /// What has to be kept before it goes out.
    pub(super) kept: Kept,
}

/// The row of an opaque token; a signed one has none.
#[derive(Debug)]
pub(super) struct Kept(Option<ActiveModel>);

impl Kept {
    /// Keeps it in the transaction `tx`.
    pub(super) async fn insert(self, tx: &Executor<'_>) -> Result<()> {
        match self.0 {
            Some(row) => Entity::insert(row).exec_without_returning(tx).await.map(|_| ()).map_err(orphaned),
            None => Ok(()),
        }
    }
}

/// The payload (RFC 9068 section 2.2).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Payload {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    pub(super) exp: i64,
    pub(super) iat: i64,
    /// Ours never have one; whatever stands there must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    pub(super) jti: String,
    pub(super) client_id: ClientId,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// The grant that it lives and dies with; ours alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grant_id: Option<String>,
    /// Roles and groups, where their scopes were granted (RFC 9068 section 2.2.3.1).
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// One text, or several.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Payload {
    pub(super) fn audience(&self) -> Names {
        match &self.aud {
            Audience::One(one) => Names::new([one.clone()]),
            Audience::Many(many) => Names::new(many.iter().cloned()),
        }
    }
}

impl Tokens {
    /// A fresh access token; it lives for no longer than what it was granted by.
    pub(super) async fn make(&self, order: &Order<'_>) -> Result<Made> {
        let now = self.clock.now();
        let ends = now + self.settings.access_token_lifetime;
        let ends = order.granted.map_or(ends, |(grant, _)| ends.min(grant.expires_at));
        // Both are kept in whole seconds by those who read them.
        let (now, ends) = (Timestamp::from_seconds(now.seconds()), Timestamp::from_seconds(ends.seconds()));
        let (text, kept) = match order.client.access_token {
            AccessTokenKind::Jwt => (self.signed(order, now, ends).await?, Kept(None)),
            AccessTokenKind::Opaque => self.opaque(order, now, ends),
        };
        Ok(Made { text, expires_in: ends.since(now), kept })
    }

    /// Keeps what must be of a token, in a transaction of its own.
    pub(super) async fn keep(&self, kept: Kept) -> Result<()> {
        if kept.0.is_none() {
            return Ok(());
        }
        self.database.write_statement(|tx| Box::pin(kept.insert(tx))).await
    }

    async fn signed(&self, order: &Order<'_>, now: Timestamp, ends: Timestamp) -> Result<SecretString> {
        let client = order.client.id.as_str();
        let granted = order.granted;
        let sub = match granted {
            Some((_, live)) => self.subject(order.client, live.user.id).await?,
            None => client.to_owned(),
        };
        let payload = Payload {
            iss: self.issuer.clone(),
            sub,
            aud: match order.audience.as_slice() {
                [one] => Audience::One(one.clone()),
                many => Audience::Many(many.to_vec()),
            },
            exp: ends.seconds(),
            iat: now.seconds(),
            nbf: None,
            jti: hex::encode(self.random.bytes::<16>()),
            client_id: order.client.id.clone(),
            scope: scope::text(order.scope),
            auth_time: granted.map(|(grant, _)| grant.authenticated_at.seconds()),
            acr: granted.map(|_| ACR.to_owned()),
            amr: granted.map(|(_, live)| live.session.amr.as_slice().to_vec()),
            sid: granted.map(|(_, live)| live.session.id.to_string()),
            grant_id: granted.map(|(grant, _)| grant.id.to_string()),
            more: granted.map_or_else(Claims::new, |(_, live)| claims::of_roles(&live.user, order.client, order.scope)),
        };
        Ok(self.keys.sign(ALGORITHM, TYP, &payload).await?.into())
    }

    fn opaque(&self, order: &Order<'_>, now: Timestamp, ends: Timestamp) -> (SecretString, Kept) {
        let token = Secret::<Opaque>::generate(&self.random);
        let row = ActiveModel {
            id: Set(token.hash()),
            client_id: Set(order.client.id.clone()),
            grant_id: Set(order.granted.map(|(grant, _)| grant.id)),
            scope: Set(order.scope.clone()),
            audience: Set(order.audience.clone()),
            created_at: Set(now),
            expires_at: Set(ends),
        };
        (token.expose().into(), Kept(Some(row)))
    }

    /// The row of an opaque token, alive or not.
    pub(super) async fn opaque_row(&self, token: &Secret<Opaque>) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(token.hash()).one(self.database.read()).await?)
    }

    /// What the signature of ours and nobody else's says, whether or not it is in time.
    pub(super) async fn read_signed(&self, token: &str) -> Result<Option<Payload>> {
        let Some(claims) = self.keys.verify(token, TYP).await? else { return Ok(None) };
        let payload: Option<Payload> = serde_json::from_value(Value::Object(claims)).ok();
        let now = self.clock.now().seconds();
        let is_sound = |payload: &Payload| {
            let has_begun = payload.nbf.is_none_or(|nbf| (0..=now).contains(&nbf));
            // Without a grant it can only be the client's own.
            let is_somebodys = payload.grant_id.is_some() || payload.sub == payload.client_id.as_str();
            payload.iss == self.issuer && has_begun && is_somebodys && (0..=payload.exp).contains(&payload.iat)
        };
        Ok(payload.filter(is_sound))
    }

    /// The grant `id` with all that it hangs on, if it lives and the token `jti` was not revoked.
    pub(super) async fn living_grant(&self, id: GrantId, jti: TokenHash, now: Timestamp) -> Result<Option<LiveGrant>> {
        let found = self.sessions.look_up_grant(id, jti).await?;
        Ok(found.filter(|found| found.is_alive(now) && !found.revoked))
    }

    /// Removes up to `most` opaque tokens whose time is over; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_opaque(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}

/// What hinders the row of an opaque token: a logout may have taken the grant away meanwhile.
fn orphaned(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => ErrorKind::InvalidGrant.into(),
        _ => error.into(),
    }
}
