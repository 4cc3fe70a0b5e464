//! What a client's token is worth now: one indexed read, two for an opaque one.
//!
//! Whose it is shows only after the read, so its stamp is taken then; `inspect` keeps the answer
//! only when nothing at all was announced since before.

use std::sync::OnceLock;

use entity::{GrantId, Names, Timestamp, TokenHash};

use super::Tokens;
use super::access::{Opaque, Payload};
use super::family::RefreshToken;
use super::id_token::requested;
use super::inspect::{LiveToken, TokenKind};
use crate::error::Result;
use crate::secret::{Secret, same};
use crate::services::grants::{ClaimsRequest, scope};
use crate::services::sessions::{LiveGrant, live};
use crate::services::shared::{Stamp, Subject};

/// Nothing was revoked under this hash.
const NO_TOKEN: [u8; 32] = [0; 32];

/// What a token says of itself.
struct Said {
    client: entity::ClientId,
    scope: Names,
    audience: Names,
    jti: Option<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

impl Tokens {
    pub(super) async fn look_up_signed(&self, payload: Payload, now: Timestamp) -> Result<Option<LiveToken>> {
        let expires_at = Timestamp::from_seconds(payload.exp);
        if expires_at <= now {
            return Ok(None);
        }
        let said = Said {
            client: payload.client_id.clone(),
            scope: scope::words(&payload.scope),
            audience: payload.audience(),
            issued_at: Timestamp::from_seconds(payload.iat),
            expires_at,
            jti: Some(payload.jti.clone()),
        };
        let grant = match &payload.grant_id {
            Some(id) => match id.parse() {
                Ok(id) => Some(id),
                Err(_) => return Ok(None),
            },
            None => None,
        };
        self.with_grant(said, grant, self.jti_hash(&payload.jti), now).await
    }

    pub(super) async fn look_up_opaque(&self, token: &Secret<Opaque>, now: Timestamp) -> Result<Option<LiveToken>> {
        let Some(row) = self.opaque_row(token).await?.filter(|row| row.expires_at > now) else { return Ok(None) };
        let said = Said {
            client: row.client_id,
            scope: row.scope,
            audience: row.audience,
            jti: None,
            issued_at: row.created_at,
            expires_at: row.expires_at,
        };
        self.with_grant(said, row.grant_id, TokenHash::new(NO_TOKEN), now).await
    }

    /// The token that says `said`, if its grant lives; one without a grant lives by its client.
    async fn with_grant(
        &self,
        said: Said,
        grant: Option<GrantId>,
        jti: TokenHash,
        now: Timestamp,
    ) -> Result<Option<LiveToken>> {
        let client = Subject::Client(said.client.clone());
        let Some(id) = grant else {
            let lives = !self.is_revoked(jti).await? && self.clients.find(&said.client).await?.is_some();
            let stamp = self.shared.stamp([&client, &client, &client]);
            return Ok(lives.then(|| token(said, None, stamp)));
        };
        let found = self.living_grant(id, jti, now).await?.filter(|found| found.grant.client_id == said.client);
        if found.is_none() || self.clients.find(&said.client).await?.is_none() {
            return Ok(None);
        }
        Ok(found.map(|found| {
            let (user, session) = (Subject::User(found.live.user.id), Subject::Session(found.live.session.id));
            let stamp = self.shared.stamp([&user, &session, &client]);
            token(said, Some(found), stamp)
        }))
    }

    pub(super) async fn look_up_refresh(&self, token: RefreshToken, now: Timestamp) -> Result<Option<LiveToken>> {
        let Some(found) = live::by_family(&self.database, token.family, now).await? else { return Ok(None) };
        let is_newest = same(self.refresh_tokens.hash(&token).as_bytes(), found.family.token_hash.as_bytes());
        let is_alive = is_newest && found.is_alive(now) && found.family.expires_at > now;
        let Some(grant) = found.grant.filter(|_| is_alive) else { return Ok(None) };
        let said = Said {
            client: grant.client_id.clone(),
            scope: grant.scope.clone(),
            audience: Names::default(),
            jti: None,
            issued_at: found.family.rotated_at.unwrap_or(found.family.created_at),
            expires_at: found.family.expires_at,
        };
        let stamp = self.shared.stamp([&Subject::Everything, &Subject::Everything, &Subject::Everything]);
        let granted = LiveGrant { grant, live: found.live, revoked: false };
        Ok(Some(LiveToken { kind: TokenKind::Refresh, ..self::token(said, Some(granted), stamp) }))
    }
}

fn token(said: Said, granted: Option<LiveGrant>, stamp: Stamp<3>) -> LiveToken {
    let Said { client, scope, audience, jti, issued_at, expires_at } = said;
    let claims = granted.as_ref().map_or_else(ClaimsRequest::default, |it| requested(&it.grant));
    let authenticated_at = granted.as_ref().map(|it| it.grant.authenticated_at);
    // A session that nobody uses ends without a word; what hangs on it is looked up again then.
    let session_end = granted.as_ref().filter(|it| !it.grant.offline).map(|it| it.live.session.idle_at);
    let good_until = session_end.map_or(expires_at, |end| end.min(expires_at));
    LiveToken {
        kind: TokenKind::Access,
        live: granted.map(|it| it.live),
        client: Some(client),
        scope,
        audience,
        claims,
        jti,
        authenticated_at,
        issued_at,
        expires_at,
        good_until,
        printed: OnceLock::new(),
        printed_by_scope: OnceLock::new(),
        stamp,
    }
}
