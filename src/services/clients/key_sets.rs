//! The keys of clients that publish them (RFC 7591 section 2, `jwks_uri`): read when the client signs
//! something, and kept in memory.
//!
//! A key that its owner has taken out opens nothing as soon as the set is read again: after [`FRESH`], or
//! after [`LONGEST`] where its address does not answer.

use std::time::Duration;

use super::assertion::Assertion;
use super::remote::{Held, Remote, unreadable};
use super::{Client, Clients, Jwks};
use crate::clock::Clock;
use crate::error::Result;
use crate::services::caller::Caller;
use crate::services::outgoing::Outgoing;

/// How long a set is believed without a look, as others keep ours. A key that is new is looked for at once.
const FRESH: Duration = Duration::from_secs(300);
/// How long it stands in for one that cannot be read: the client goes on working while its address is away
/// for a restart, and whoever has a key of it and can keep us from its address gains no more than this.
const LONGEST: Duration = Duration::from_secs(3600);
/// The largest set that is read, in bytes.
const LARGEST: usize = 64 << 10;
/// How many sets are remembered: 16 MiB of the largest.
const MOST: u64 = 256;

/// What was read, by address. Clients that nobody declared have a memory of their own, so that they drive
/// out nobody.
#[derive(Clone, Debug)]
pub(super) struct KeySets {
    declared: Remote<Jwks>,
    unvouched: Remote<Jwks>,
    outgoing: Outgoing,
}

impl KeySets {
    pub(super) fn new(outgoing: Outgoing, clock: Clock) -> Self {
        Self { declared: Remote::new(MOST, clock.clone()), unvouched: Remote::new(MOST, clock), outgoing }
    }

    fn of(&self, client: &Client) -> &Remote<Jwks> {
        if client.is_unvouched() { &self.unvouched } else { &self.declared }
    }
}

impl Clients {
    /// Whether `client` has signed `assertion` with a key of its own: one that it has registered, or one that
    /// stands at the address which it has registered. Why that cannot be read is for the log alone.
    ///
    /// # Errors
    /// Where nobody declared the client, and `caller` has too many addresses called.
    pub(super) async fn has_signed(&self, client: &Client, assertion: &Assertion<'_>, caller: &Caller) -> Result<bool> {
        match (&client.jwks, &client.jwks_uri) {
            (Some(keys), _) => Ok(assertion.is_signed_by(keys)),
            (None, Some(address)) => self.is_signed_by_keys_at(address.as_str(), client, assertion, caller).await,
            (None, None) => Ok(false),
        }
    }

    async fn is_signed_by_keys_at(
        &self,
        address: &str,
        client: &Client,
        assertion: &Assertion<'_>,
        caller: &Caller,
    ) -> Result<bool> {
        let (sets, now) = (self.key_sets.of(client), self.clock.now());
        let opens = |held: &Held<Jwks>| now.since(held.read_at) < LONGEST && assertion.is_signed_by(&held.value);
        if sets.held(address).is_some_and(|held| now < held.fresh_until && opens(&held)) {
            return Ok(true);
        }
        // The key may be newer than the set that is held, and the set older than it may be.
        let (outgoing, url) = (self.key_sets.outgoing.clone(), address.to_owned());
        let begin = || {
            let call = client.is_unvouched().then(|| self.may_call(caller)).transpose()?;
            Ok(async move {
                let set = outgoing.get_json(&url, LARGEST).await;
                drop(call);
                let set = Jwks::published(&set?).map_err(|words| unreadable("the key set", &words))?;
                Ok((set, FRESH))
            })
        };
        Ok(sets.read_again(address, begin).await?.as_ref().is_some_and(opens))
    }
}

#[cfg(test)]
mod tests {
    use entity::{ClientId, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::services::clients::client::{Origin, Secrets};
    use crate::services::clients::metadata::Metadata;
    use crate::services::testing::outgoing;

    #[test]
    fn sec_146_keys_of_strangers_have_a_room_of_their_own_and_no_more() {
        let sets = KeySets::new(outgoing(), Clock::system());
        let keep = |origin, number: u64| {
            let (id, metadata, secrets) = (ClientId::new("an app"), Metadata::default(), Secrets::default());
            let client = Client { id, metadata, origin, created_at: None, expires_at: None, secrets };
            let set = Jwks::published(&json!({"keys": []})).expect("a set");
            sets.of(&client).adopt(&format!("https://app.example/{number}"), set, Timestamp::default());
        };
        for (number, origin) in [Origin::File, Origin::Database].into_iter().enumerate() {
            keep(origin, u64::try_from(number).expect("a small number"));
        }
        for number in 0..2 * MOST {
            keep(Origin::Document, number);
            keep(Origin::Registration, 10_000 + number);
        }
        assert!(sets.unvouched.count() <= MOST, "{}", sets.unvouched.count());
        assert_eq!(sets.declared.count(), 2, "whoever is declared stays");
    }
}
