//! What was looked up at providers, kept for a while: discovery documents and public keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::connector::{Connector, Place, Provider};
use super::kept_answer::KeptAnswer;
use super::key_set::{self, Key};
use super::{discovery, failure};
use crate::clock::Clock;
use crate::error::Result;
use crate::services::outgoing::{LARGEST_ANSWER, Outgoing};

/// How long a discovery document is kept.
const DOCUMENT: Duration = Duration::from_secs(3600);
/// How long keys are kept.
const KEYS: Duration = Duration::from_secs(600);

/// What is kept, connector by connector. Bounded by their number.
#[derive(Clone, Debug)]
pub(super) struct LookedUp {
    outgoing: Outgoing,
    clock: Clock,
    kept: Arc<Mutex<HashMap<String, Arc<Kept>>>>,
}

#[derive(Debug, Default)]
struct Kept {
    provider: KeptAnswer<Provider>,
    keys: KeptAnswer<Vec<Key>>,
}

impl LookedUp {
    pub(super) fn new(outgoing: Outgoing, clock: Clock) -> Self {
        Self { outgoing, clock, kept: Arc::default() }
    }

    fn of(&self, connector: &Connector) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(connector.id.clone()).or_default())
    }

    /// Where `connector` is asked. A document that cannot be had anew goes on to be used.
    ///
    /// # Errors
    /// When there is none yet and none can be had.
    pub(super) async fn provider(&self, connector: &Connector) -> Result<Arc<Provider>> {
        let issuer = match &connector.place {
            Place::Fixed(provider) => return Ok(Arc::clone(provider)),
            Place::Issuer(issuer) => issuer,
        };
        let ask = async {
            let document = self.outgoing.get_json(&discovery::address(issuer), LARGEST_ANSWER).await;
            let found = document.and_then(|document| discovery::read(issuer, document));
            found.inspect_err(|error| {
                tracing::warn!(connector = connector.id, ?error, "no discovery document can be had");
            })
        };
        self.of(connector).provider.get(&self.clock, DOCUMENT, |_| true, ask).await
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
        is_enough: impl Fn(&[Key]) -> bool + Send + Sync,
    ) -> Result<Arc<Vec<Key>>> {
        let address = provider.jwks_url.as_deref().ok_or_else(|| failure::upstream("it has no keys"))?;
        let ask = async {
            let keys = self.outgoing.get_json(address, LARGEST_ANSWER).await.and_then(|set| key_set::read(&set));
            keys.inspect_err(|error| tracing::warn!(connector = connector.id, ?error, "its keys cannot be had"))
        };
        self.of(connector).keys.get(&self.clock, KEYS, |keys| is_enough(keys), ask).await
    }
}
