//! Tokens: session tokens, refresh families, and the one opinion on whether a token is alive.

mod family;
mod inspect;
mod refresh;
mod session_token;
mod settings;

pub use inspect::LiveToken;
pub use refresh::Refreshed;
pub use session_token::SessionToken;
pub use settings::Settings;

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::audit::Audit;
use super::database::Database;
use super::metrics::Metrics;
use super::sessions::Sessions;
use super::shared::Shared;
use crate::clock::Clock;
use crate::random::Random;

/// Mints, rotates and inspects tokens.
pub struct Tokens {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    sessions: Sessions,
    metrics: Arc<Metrics>,
    clock: Clock,
    random: Random,
    settings: Settings,
    session_tokens: session_token::Keys,
    refresh_tokens: family::Keys,
    cache: inspect::Cache,
}

/// What [`Tokens`] stands on.
#[derive(Debug)]
pub struct Parts {
    /// Rows.
    pub database: Database,
    /// Invalidation.
    pub shared: Arc<Shared>,
    /// The audit.
    pub audit: Audit,
    /// Sessions, which every token belongs to.
    pub sessions: Sessions,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Tokens {
    /// Tokens by `settings`.
    #[must_use]
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let Parts { database, shared, audit, sessions, metrics, clock, random } = parts;
        let refresh_secret = settings.jwt_refresh_secret.expose_secret().as_bytes();
        Self {
            session_tokens: session_token::Keys::new(settings.jwt_secret.expose_secret().as_bytes()),
            refresh_tokens: family::Keys::new(refresh_secret),
            cache: inspect::Cache::new(refresh_secret),
            database,
            shared,
            audit,
            sessions,
            metrics,
            clock,
            random,
            settings,
        }
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

#[cfg(test)]
mod inspect_tests;
#[cfg(test)]
mod tests;
