//! Is this token alive, and whose: the only place that decides.
//!
//! Answers are cached under the token's keyed hash, with the state of person and session from
//! before the read; a hit is good while that state stands and the token has not expired. Tokens
//! that open nothing are never cached, so that random ones cannot fill the cache.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use entity::Timestamp;

use super::Tokens;
use super::session_token::Claimed;
use crate::error::Result;
use crate::secret::DerivedKey;
use crate::services::metrics::Outcome;
use crate::services::sessions::Live;
use crate::services::shared::{Stamp, Subject};

/// Bytes of memory that cached answers may take.
const CAPACITY: u64 = 64 << 20;
/// What one entry takes besides its texts.
const ENTRY: u32 = 1024;

/// A token that is alive.
#[derive(Debug)]
pub struct LiveToken {
    /// Its session and person.
    pub live: Live,
    /// Its `iat`.
    pub issued_at: Timestamp,
    /// Its `exp`.
    pub expires_at: Timestamp,
    /// The answer to introspection, printed once; for the endpoint that prints it.
    pub printed: OnceLock<Bytes>,
    stamp: Stamp<2>,
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
}

fn weight(token: &LiveToken) -> u32 {
    let (user, session) = (&token.live.user, &token.live.session);
    let texts = user.email.len() * 4 + user.name.len() * 2 + user.username.len() * 2 + session.user_agent.len();
    ENTRY.saturating_add(u32::try_from(texts).unwrap_or(u32::MAX))
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
            if cached.expires_at > now && self.shared.is_current(&cached.stamp) {
                return Ok(Some(cached));
            }
            self.cache.entries.invalidate(&key);
        }
        let Some(claimed) = self.session_tokens.read(token, now) else { return Ok(None) };
        // On the heap: a hit has no use for its room.
        let Some(live) = Box::pin(self.look_up(claimed, now)).await? else { return Ok(None) };
        self.cache.entries.insert(key, Arc::clone(&live));
        Ok(Some(live))
    }

    async fn look_up(&self, claimed: Claimed, now: Timestamp) -> Result<Option<Arc<LiveToken>>> {
        // Taken before the read: a change that comes between the two makes the entry stale.
        let stamp = self.shared.stamp([&Subject::User(claimed.user), &Subject::Session(claimed.session)]);
        let Some(live) = self.sessions.look_up(claimed.session).await? else { return Ok(None) };
        if !live.is_alive(now) || live.user.id != claimed.user {
            return Ok(None);
        }
        let Claimed { issued_at, expires_at, .. } = claimed;
        Ok(Some(Arc::new(LiveToken { live, issued_at, expires_at, printed: OnceLock::new(), stamp })))
    }
}
