//! Tokens: session tokens, refresh families, and the one opinion on whether a token is alive.

mod access;
mod admitted;
pub mod claims;
mod family;
pub mod id_token;
mod inspect;
mod issue;
mod look_up;
mod refresh;
mod revoke;
mod session_token;
mod settings;
mod subject;
mod today;

pub use admitted::Admitted;
pub use inspect::{LiveToken, TokenKind};
pub use issue::{TokenSet, Wanted, check_grant_type, may_enter};
pub use refresh::Refreshed;
pub use session_token::SessionToken;
pub use settings::Settings;

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::audit::Audit;
use super::clients::Clients;
use super::database::Database;
use super::grants::Grants;
use super::keys::Keys;
use super::metrics::Metrics;
use super::sessions::Sessions;
use super::shared::Shared;
use crate::clock::Clock;
use crate::random::Random;

/// The class of every sign-in today: one factor (ISO/IEC 29115, level 1).
pub const ACR: &str = "1";

/// Mints, rotates and inspects tokens.
pub struct Tokens {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    clients: Clients,
    sessions: Sessions,
    grants: Grants,
    keys: Keys,
    metrics: Arc<Metrics>,
    clock: Clock,
    random: Random,
    /// The `iss` of what goes out.
    issuer: String,
    settings: Settings,
    session_tokens: session_token::Keys,
    refresh_tokens: family::Keys,
    cache: inspect::Cache,
    subjects: subject::Subjects,
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
    /// Clients, whose removal ends their tokens.
    pub clients: Clients,
    /// Sessions, which every token belongs to.
    pub sessions: Sessions,
    /// What people granted clients.
    pub grants: Grants,
    /// What signs.
    pub keys: Keys,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Tokens {
    /// Tokens of `issuer` by `settings`.
    #[must_use]
    pub fn new(parts: Parts, settings: Settings, issuer: &str) -> Self {
        let Parts { database, shared, audit, clients, sessions, grants, keys, metrics, clock, random } = parts;
        let refresh_secret = settings.jwt_refresh_secret.expose_secret().as_bytes();
        Self {
            session_tokens: session_token::Keys::new(settings.jwt_secret.expose_secret().as_bytes()),
            refresh_tokens: family::Keys::new(refresh_secret),
            cache: inspect::Cache::new(refresh_secret),
            subjects: subject::Subjects::new(),
            database,
            shared,
            audit,
            clients,
            sessions,
            grants,
            keys,
            metrics,
            clock,
            random,
            issuer: issuer.to_owned(),
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
