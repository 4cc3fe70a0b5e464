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
use crate::services::clients::{Client, SubjectType};
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
        let found = match grant {
            Some(id) => match self.living_grant(id, jti, now).await? {
                Some(found) if found.grant.client_id == said.client => Some(found),
                _ => return Ok(None),
            },
            None if self.is_revoked(jti).await? => return Ok(None),
            None => None,
        };
        let Some(client) = self.clients.find(&said.client).await? else { return Ok(None) };
        let subject = Subject::Client(said.client.clone());
        let stamp = match &found {
            Some(LiveGrant { live, .. }) => {
                let (user, session) = (Subject::User(live.user.id), Subject::Session(live.session.id));
                self.shared.stamp([&user, &session, &subject])
            }
            None => self.shared.stamp([&subject, &subject, &subject]),
        };
        let pairwise = self.pairwise_of(&client, found.as_ref()).await?;
        Ok(Some(token(said, found, pairwise, stamp)))
    }

    /// Who the person of a grant is to `client`, where that is not their own id.
    async fn pairwise_of(&self, client: &Client, granted: Option<&LiveGrant>) -> Result<Option<String>> {
        match granted {
            Some(it) if client.subject_type == SubjectType::Pairwise => {
                self.subject(client, it.live.user.id).await.map(Some)
            }
            _ => Ok(None),
        }
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
        let Some(client) = self.clients.find(&said.client).await? else { return Ok(None) };
        let stamp = self.shared.stamp([&Subject::Everything, &Subject::Everything, &Subject::Everything]);
        let granted = LiveGrant { grant, live: found.live, revoked: false };
        let pairwise = self.pairwise_of(&client, Some(&granted)).await?;
        Ok(Some(LiveToken { kind: TokenKind::Refresh, ..self::token(said, Some(granted), pairwise, stamp) }))
    }
}

fn token(said: Said, granted: Option<LiveGrant>, pairwise: Option<String>, stamp: Stamp<3>) -> LiveToken {
    let Said { client, scope, audience, jti, issued_at, expires_at } = said;
    let claims = granted.as_ref().map_or_else(ClaimsRequest::default, |it| requested(&it.grant));
    let authenticated_at = granted.as_ref().map(|it| it.grant.authenticated_at);
    // A session that nobody uses ends without a word; what hangs on it is looked up again then.
    let session_end = granted.as_ref().filter(|it| !it.grant.offline).map(|it| it.live.session.idle_at);
    let good_until = session_end.map_or(expires_at, |end| end.min(expires_at));
    LiveToken {
        kind: TokenKind::Access,
        live: granted.map(|it| it.live),
        pairwise,
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
