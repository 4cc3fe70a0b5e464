//! The signing keys of the OpenID provider: made, published, rotated, condemned; what they sign and
//! what they verify.
//!
//! Private keys are kept sealed and never leave; everybody else sees a JWK or a `kid`. Which key
//! signs is settled by time alone (`schedule.rs`), so that nodes agree without speaking.

mod algorithm;
mod change;
mod info;
mod loaded;
mod object;
mod pair;
mod rows;
mod schedule;
mod settings;
mod token;

pub use algorithm::SigningAlgorithm;
pub use info::{KeyInfo, KeyState};
pub(in crate::services) use object::parse as parse_object;
pub use schedule::JWKS_MAX_AGE;
pub use settings::Settings;

use std::sync::{Arc, RwLock};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore};

use super::audit::Audit;
use super::database::Database;
use super::shared::Shared;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::secret::DerivedKey;
use loaded::{Attempts, Snapshot};
use pair::Pair;
use rows::Seal;
use token::Unproven;

/// Signs and verifies; cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

/// What [`Keys`] stands on.
#[derive(Debug)]
pub struct Parts {
    /// Rows.
    pub database: Database,
    /// Invalidation.
    pub shared: Arc<Shared>,
    /// The audit.
    pub audit: Audit,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// What private keys are sealed under.
    pub seal: DerivedKey,
    /// What they may still be sealed under, from before a change of `POSTERN_ENCRYPTION_KEY`.
    pub previous_seal: Option<DerivedKey>,
}

struct Inner {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    clock: Clock,
    random: Random,
    seal: Seal,
    settings: Settings,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    attempts: Mutex<Attempts>,
    /// Turns at RSA, which takes most of a millisecond each: no more at once than there are cores.
    turns: Arc<Semaphore>,
}

impl Keys {
    /// Keys by `settings`. Reads and makes nothing yet: that is for [`Self::maintain`].
    #[must_use]
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let Parts { database, shared, audit, clock, random, seal, previous_seal } = parts;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Inner {
            database,
            shared,
            audit,
            clock,
            random,
            seal: Seal { current: seal, previous: previous_seal },
            settings,
            snapshot: RwLock::default(),
            attempts: Mutex::default(),
            turns: Arc::new(Semaphore::new(cores)),
        }))
    }

    /// `claims` as a JWS in compact form (RFC 7515) with `typ`, `alg` and `kid` in its header, signed
    /// by the key whose turn it is. No token may live longer than [`Settings::longest_token`].
    ///
    /// # Errors
    /// When the keys cannot be read now, none was made yet, or `claims` cannot be JSON.
    pub async fn sign<T: Serialize + Send + Sync>(
        &self,
        algorithm: SigningAlgorithm,
        typ: &'static str,
        claims: &T,
    ) -> Result<String> {
        let snapshot = self.loaded().await?;
        let pair = snapshot.signer(algorithm, self.0.clock.now());
        let pair = pair.ok_or_else(|| Error::internal(format!("no key signs with {algorithm}")))?;
        let message = token::message(&pair, typ, claims)?;
        match algorithm {
            SigningAlgorithm::Rs256 => self.sign_aside(pair, message).await,
            SigningAlgorithm::Es256 | SigningAlgorithm::EdDsa => {
                let signature = pair.sign(message.as_bytes())?;
                Ok(token::complete(message, &signature))
            }
        }
    }

    /// Signs on a thread that may be held up.
    async fn sign_aside(&self, pair: Arc<Pair>, message: String) -> Result<String> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(Error::internal)?;
        let signed = tokio::task::spawn_blocking(move || {
            let signature = pair.sign(message.as_bytes());
            drop(turn);
            signature.map(|signature| token::complete(message, &signature))
        });
        signed.await.map_err(Error::internal)?
    }

    /// The payload of a token that one of the published keys signed, by its own algorithm and with
    /// exactly `typ` in the header (RFC 8725 sections 3.1 and 3.11); none for anything else. No time
    /// is looked at, and no audience: that is for the caller.
    ///
    /// # Errors
    /// When the keys cannot be read now.
    pub async fn verify(&self, token: &str, typ: &str) -> Result<Option<Map<String, Value>>> {
        let Some(unproven) = Unproven::read(token, typ) else { return Ok(None) };
        let pair = self.published(&unproven.kid).await?;
        Ok(pair.and_then(|pair| unproven.proven_by(&pair)))
    }

    /// The published set (RFC 7517 section 5), printed once for each change. A verifier may keep it for
    /// [`JWKS_MAX_AGE`].
    ///
    /// # Errors
    /// When the keys cannot be read now.
    pub async fn jwks(&self) -> Result<Bytes> {
        Ok(self.loaded().await?.jwks.clone())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod seal_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod token_tests;
#[cfg(test)]
mod world;
