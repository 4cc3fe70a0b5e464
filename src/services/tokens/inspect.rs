//! Is this token alive, and whose: the only place that decides.
//!
//! Answers are cached under the token's keyed hash, with the state of person and session from
//! before the read; a hit is good while that state stands and the token has not expired. Tokens
//! that open nothing are never cached, so that random ones cannot fill the cache.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use entity::{ClientId, Names, Timestamp, TokenHash};

use super::Tokens;
use super::access::Opaque;
use super::session_token::Claimed;
use crate::error::Result;
use crate::secret::{DerivedKey, Secret};
use crate::services::grants::ClaimsRequest;
use crate::services::metrics::Outcome;
use crate::services::sessions::Live;
use crate::services::shared::{Stamp, Subject};

/// Bytes of memory that cached answers may take.
const CAPACITY: u64 = 64 << 20;
/// What one entry takes besides its texts.
const ENTRY: u32 = 1024;

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Of the session API.
    Session,
    /// A client's access token.
    Access,
    /// A client's refresh token.
    Refresh,
}

/// A token that is alive.
#[derive(Debug)]
pub struct LiveToken {
    /// What kind it is.
    pub kind: TokenKind,
    /// Its session and person; none for a client's own authority.
    pub live: Option<Live>,
    /// Who its person is to its client, where that is not their own id.
    pub(super) pairwise: Option<String>,
    /// Whom it was issued to; none for a token of the session API.
    pub client: Option<ClientId>,
    /// What it opens.
    pub scope: Names,
    /// Whom it is meant for.
    pub audience: Names,
    /// The claims that were asked for by name with its grant.
    pub claims: ClaimsRequest,
    /// Its own id, where it has one.
    pub jti: Option<String>,
    /// When its person proved themselves.
    pub authenticated_at: Option<Timestamp>,
    /// Its `iat`.
    pub issued_at: Timestamp,
    /// Its `exp`.
    pub expires_at: Timestamp,
    /// Until when it can be believed without another look: never past its `exp`.
    pub(super) good_until: Timestamp,
    /// The answer to introspection by a caller that sees all, printed once; for the endpoint.
    pub printed: OnceLock<Bytes>,
    /// The same for a caller that sees what the token's scope opens.
    pub printed_by_scope: OnceLock<Bytes>,
    pub(super) stamp: Stamp<3>,
}

impl LiveToken {
    /// Whether it is meant for whoever is called `name`.
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        self.audience.contains(name)
    }

    /// Its `sub`: its person, or the client itself where it has no person.
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        let person = || self.live.as_ref().map(|live| live.user.id.to_string());
        let client = || self.client.as_ref().map(|client| client.as_str().to_owned());
        self.pairwise.clone().or_else(person).or_else(client)
    }
}

pub(super) struct Cache {
    key: DerivedKey,
    pub(super) entries: moka::sync::Cache<[u8; 32], Arc<LiveToken>>,
}

impl Cache {
    pub(super) fn new(secret: &[u8]) -> Self {
        let entries = moka::sync::Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|_, token: &Arc<LiveToken>| weight(token))
            .build();
        Self { key: DerivedKey::derive(secret, "inspection cache"), entries }
    }

    pub(super) fn hash(&self, text: &str) -> TokenHash {
        self.key.hash(text.as_bytes())
    }
}

fn weight(token: &LiveToken) -> u32 {
    let person = token.live.as_ref().map_or(0, |Live { user, session, .. }| {
        user.email.len() * 4 + user.name.len() * 2 + user.username.len() * 2 + session.user_agent.len()
    });
    let lists: usize = [&token.scope, &token.audience].iter().flat_map(|it| it.as_slice()).map(String::len).sum();
    ENTRY.saturating_add(u32::try_from(person + lists).unwrap_or(u32::MAX))
}

impl Tokens {
    /// The token, if it is one of ours and alive.
    ///
    /// # Errors
    /// When it is not cached and the database is away: never a yes that a read would deny.
    pub async fn inspect(&self, token: &str) -> Result<Option<Arc<LiveToken>>> {
        let found = self.find(token).await;
        self.metrics.introspected(match &found {
            Ok(Some(_)) => Outcome::Done,
            Ok(None) => Outcome::Refused,
            Err(_) => Outcome::Failed,
        });
        found
    }

    async fn find(&self, token: &str) -> Result<Option<Arc<LiveToken>>> {
        let now = self.clock.now();
        let key = self.cache.key.mac(&[token.as_bytes()]);
        if let Some(cached) = self.cache.entries.get(&key) {
            if cached.good_until > now && self.shared.is_current(&cached.stamp) {
                return Ok(Some(cached));
            }
            self.cache.entries.invalidate(&key);
        }
        let before = self.shared.changes();
        // On the heap: a hit has no use for its room.
        let Some(live) = Box::pin(self.read(token, now)).await? else { return Ok(None) };
        let live = Arc::new(live);
        let may_keep = match live.kind {
            TokenKind::Session => true,
            TokenKind::Access => self.shared.changes() == before,
            // A rotation ends a refresh token without telling anybody: each is looked up each time.
            TokenKind::Refresh => false,
        };
        if may_keep {
            self.cache.entries.insert(key, Arc::clone(&live));
        }
        Ok(Some(live))
    }

    /// Each kind of token by its form; what fits none costs no look-up.
    async fn read(&self, token: &str, now: Timestamp) -> Result<Option<LiveToken>> {
        if let Some(claimed) = self.session_tokens.read(token, now) {
            return self.look_up(claimed, now).await;
        }
        if let Some(opaque) = Secret::<Opaque>::parse(token) {
            return self.look_up_opaque(&opaque, now).await;
        }
        if let Some(refresh) = self.refresh_tokens.read(token) {
            return self.look_up_refresh(refresh, now).await;
        }
        match self.read_signed(token).await? {
            Some(payload) => self.look_up_signed(payload, now).await,
            None => Ok(None),
        }
    }

    async fn look_up(&self, claimed: Claimed, now: Timestamp) -> Result<Option<LiveToken>> {
        // Taken before the read: a change that comes between the two makes the entry stale.
        let (user, session) = (Subject::User(claimed.user), Subject::Session(claimed.session));
        let stamp = self.shared.stamp([&user, &session, &session]);
        let Some(live) = self.sessions.look_up(claimed.session).await? else { return Ok(None) };
        if !live.is_alive(now) || live.user.id != claimed.user {
            return Ok(None);
        }
        let authenticated_at = Some(live.session.authenticated_at());
        Ok(Some(LiveToken {
            kind: TokenKind::Session,
            live: Some(live),
            pairwise: None,
            client: None,
            scope: Names::default(),
            audience: Names::default(),
            claims: ClaimsRequest::default(),
            jti: None,
            authenticated_at,
            issued_at: claimed.issued_at,
            expires_at: claimed.expires_at,
            good_until: claimed.expires_at,
            printed: OnceLock::new(),
            printed_by_scope: OnceLock::new(),
            stamp,
        }))
    }
}
