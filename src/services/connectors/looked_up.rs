//! What was looked up at providers, kept for a while: discovery documents and public keys.
//!
//! One call at a time for each connector; who comes meanwhile waits for it and shares the outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::Timestamp;
use openidconnect::JsonWebKeySet;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use serde_json::Value;

use super::connector::{Connector, Place, Provider};
use super::{discovery, failure, tenant};
use crate::clock::Clock;
use crate::error::Result;
use crate::services::outgoing::{LARGEST_ANSWER, Outgoing};

/// How long a discovery document is kept.
const DOCUMENT: Duration = Duration::from_secs(3600);
/// How long keys are kept.
const KEYS: Duration = Duration::from_secs(600);
/// How long nobody asks again after a call that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// How often keys are asked for because a token names one that is not among them.
const UNKNOWN_KEY: Duration = Duration::from_secs(30);
/// How many keys of a set are looked at.
const MOST_KEYS: usize = 64;
/// The least modulus of an RSA key, in characters of base64url: 2048 bits.
const LEAST_MODULUS: usize = 341;

/// What is kept, connector by connector. Bounded by their number.
#[derive(Clone, Debug)]
pub(super) struct LookedUp {
    outgoing: Outgoing,
    clock: Clock,
    kept: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>>,
}

#[derive(Debug, Default)]
struct Kept {
    provider: Option<(Timestamp, Arc<Provider>)>,
    keys: Option<(Timestamp, Arc<Vec<CoreJsonWebKey>>)>,
    /// When keys were last asked for because of an unknown one.
    asked_for_unknown: Option<Timestamp>,
    failed: Option<Timestamp>,
}

impl LookedUp {
    pub(super) fn new(outgoing: Outgoing, clock: Clock) -> Self {
        Self { outgoing, clock, kept: Arc::default() }
    }

    fn of(&self, connector: &Connector) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(connector.id.clone()).or_default())
    }

    /// Where `connector` is asked. A document that cannot be had anew goes on to be used.
    ///
    /// # Errors
    /// When there is none yet and none can be had.
    pub(super) async fn provider(&self, connector: &Connector) -> Result<Arc<Provider>> {
        let issuer = match &connector.place {
            Place::Fixed(provider) => return Ok(Arc::new(provider.clone())),
            Place::Issuer(issuer) => issuer,
        };
        let kept = self.of(connector);
        let mut kept = kept.lock().await;
        let now = self.clock.now();
        if let Some((since, provider)) = &kept.provider
            && now.since(*since) < DOCUMENT
        {
            return Ok(Arc::clone(provider));
        }
        let old = kept.provider.as_ref().map(|(_, provider)| Arc::clone(provider));
        if kept.pauses(now) {
            return old.ok_or_else(|| failure::unavailable("it did not answer a moment ago"));
        }
        let document = self.outgoing.get_json(&discovery::address(issuer), LARGEST_ANSWER).await;
        match document.and_then(|document| discovery::read(issuer, document)) {
            Ok(provider) => {
                let provider = Arc::new(provider);
                kept.provider = Some((now, Arc::clone(&provider)));
                Ok(provider)
            }
            Err(error) => {
                tracing::warn!(connector = connector.id, ?error, "no discovery document can be had");
                kept.failed = Some(now);
                old.ok_or(error)
            }
        }
    }

    /// The keys of `provider`, for which `is_enough` is asked: where it says no they are asked for
    /// anew, though not too often.
    ///
    /// # Errors
    /// When there are none yet and none can be had.
    pub(super) async fn keys(
        &self,
        connector: &Connector,
        provider: &Provider,
        is_enough: impl Fn(&[CoreJsonWebKey]) -> bool + Send,
    ) -> Result<Arc<Vec<CoreJsonWebKey>>> {
        let address = provider.jwks_url.as_deref().ok_or_else(|| failure::upstream("it has no keys"))?;
        let kept = self.of(connector);
        let mut kept = kept.lock().await;
        let now = self.clock.now();
        if let Some((since, keys)) = &kept.keys
            && now.since(*since) < KEYS
        {
            let may_ask = kept.asked_for_unknown.is_none_or(|at| now.since(at) >= UNKNOWN_KEY);
            if is_enough(keys) || !may_ask {
                return Ok(Arc::clone(keys));
            }
            kept.asked_for_unknown = Some(now);
        }
        match (self.fetch_keys(address, connector, provider).await, &kept.keys) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                kept.keys = Some((now, Arc::clone(&keys)));
                Ok(keys)
            }
            (Err(error), None) => Err(error),
            (Err(error), Some((_, old))) => {
                tracing::warn!(connector = connector.id, ?error, "its keys cannot be had anew");
                Ok(Arc::clone(old))
            }
        }
    }

    async fn fetch_keys(
        &self,
        address: &str,
        connector: &Connector,
        provider: &Provider,
    ) -> Result<Vec<CoreJsonWebKey>> {
        let mut set = self.outgoing.get_json(address, LARGEST_ANSWER).await?;
        if let Some(keys) = set.get_mut("keys").and_then(Value::as_array_mut) {
            keys.retain(|key| is_strong(key) && signs_for(key, connector, provider));
            keys.truncate(MOST_KEYS);
        }
        let set: CoreJsonWebKeySet = serde_json::from_value::<JsonWebKeySet<_>>(set).map_err(failure::upstream)?;
        Ok(set.keys().clone())
    }
}

impl Kept {
    fn pauses(&self, now: Timestamp) -> bool {
        self.failed.is_some_and(|at| now.since(at) < PAUSE)
    }
}

/// Whether a key may sign for `provider`: Microsoft Entra says of each for whom it does, and that of private
/// accounts signs for no organisation.
fn signs_for(key: &Value, connector: &Connector, provider: &Provider) -> bool {
    let Some(issuer) = key.get("issuer").and_then(Value::as_str) else { return true };
    let own = provider.issuer.as_str();
    let is_allowed = |tenant: &str| connector.admission.tenants.iter().any(|one| one == tenant);
    issuer == own || tenant::speaks_for(own, issuer) || tenant::of(own, issuer).is_some_and(is_allowed)
}

/// Whether a key is a public one, and no RSA key that is too short to trust.
fn is_strong(key: &Value) -> bool {
    let modulus = key.get("n").and_then(Value::as_str).map_or(0, str::len);
    match key.get("kty").and_then(Value::as_str) {
        Some("RSA") => modulus >= LEAST_MODULUS,
        Some("EC" | "OKP") => true,
        _ => false,
    }
}
