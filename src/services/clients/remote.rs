//! What stands at addresses elsewhere and is read when it is needed, such as the keys of a client.
//!
//! Strangers have an address read by naming whose it is. So it is read once for all who wait, to the end
//! even when they hang up, and not again until [`PAUSE`] is over; and only so many are remembered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use entity::Timestamp;
use moka::sync::Cache;
use tracing::Instrument;

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

/// How long an address is left alone after it was read, well or not.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// What was read, by address.
#[derive(Clone)]
pub(super) struct Remote<T: Send + Sync + 'static> {
    slots: Cache<String, Arc<Slot<T>>>,
    clock: Clock,
}

struct Slot<T> {
    state: Mutex<State<T>>,
    /// Held by whoever reads; the others wait for it.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct State<T> {
    held: Option<Held<T>>,
    tried_at: Option<Timestamp>,
}

/// What was read last.
pub(super) struct Held<T> {
    pub(super) value: Arc<T>,
    pub(super) read_at: Timestamp,
    /// Until when nobody needs to look again.
    pub(super) fresh_until: Timestamp,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), ..*self }
    }
}

impl<T: Send + Sync + 'static> Remote<T> {
    /// Empty; remembers up to `most` addresses.
    pub(super) fn new(most: u64, clock: Clock) -> Self {
        Self { slots: Cache::new(most), clock }
    }

    /// What was read at `address` last, however long ago.
    pub(super) fn held(&self, address: &str) -> Option<Held<T>> {
        self.slots.get(address)?.held()
    }

    /// Holds `value`, which was read at `address` at some other time; it is looked at again when it matters.
    /// What is held already stays. Answers what is held.
    pub(super) fn adopt(&self, address: &str, value: T, read_at: Timestamp) -> Arc<T> {
        let slot = self.slots.get_with_by_ref(address, Arc::default);
        let mut state = slot.state();
        let held = state.held.get_or_insert_with(|| Held { value: Arc::new(value), read_at, fresh_until: read_at });
        Arc::clone(&held.value)
    }

    /// How many addresses are remembered.
    #[cfg(test)]
    pub(super) fn count(&self) -> u64 {
        self.slots.run_pending_tasks();
        self.slots.entry_count()
    }

    /// What is held of `address` after one more reading, which `begin` begins; as it was where that
    /// fails, and where the last one is less than [`PAUSE`] ago or came to its end meanwhile.
    ///
    /// # Errors
    /// Those of `begin`: then nothing was read, and the next one may.
    pub(super) async fn read_again<F>(
        &self,
        address: &str,
        begin: impl FnOnce() -> Result<F>,
    ) -> Result<Option<Held<T>>>
    where
        F: Future<Output = Result<(T, Duration)>> + Send + 'static,
    {
        let slot = self.slots.get_with_by_ref(address, Arc::default);
        let turn = Arc::clone(&slot.turn).lock_owned().await;
        if slot.rests(self.clock.now()) {
            return Ok(slot.held());
        }
        let (reading, clock, whose) = (begin()?, self.clock.clone(), address.to_owned());
        let (noted, span) = (Arc::clone(&slot), tracing::Span::current());
        // Whoever asked may hang up; that must not keep the others from what was read.
        let task = async move {
            let outcome = reading.await;
            noted.note(outcome, &whose, clock.now());
            drop(turn);
        };
        if let Err(error) = tokio::spawn(task.instrument(span)).await {
            tracing::error!(%error, "reading an address elsewhere was broken off");
        }
        Ok(slot.held())
    }
}

/// Why a reading failed: `what` came, and is not what it should be.
pub(super) fn unreadable(what: &str, words: &str) -> Error {
    Error::from(ErrorKind::Unavailable).because(format!("{what} {words}"))
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { held: None, tried_at: None }), turn: Arc::default() }
    }
}

impl<T> Slot<T> {
    fn state(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Option<Held<T>> {
        self.state().held.clone()
    }

    fn rests(&self, now: Timestamp) -> bool {
        self.state().tried_at.is_some_and(|tried| now.since(tried) < PAUSE)
    }

    fn note(&self, outcome: Result<(T, Duration)>, address: &str, now: Timestamp) {
        let mut state = self.state();
        state.tried_at = Some(now);
        match outcome {
            Ok((value, fresh)) => {
                state.held = Some(Held { value: Arc::new(value), read_at: now, fresh_until: now + fresh });
            }
            Err(error) => {
                let why = error.cause().map_or_else(|| error.detail.to_string(), ToString::to_string);
                tracing::warn!(address, why, "what an app publishes at this address is refused");
            }
        }
    }
}

impl<T: Send + Sync + 'static> std::fmt::Debug for Remote<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_146_addresses_that_strangers_name_do_not_grow_the_memory() {
        let remote = Remote::new(10, Clock::system());
        for number in 0..5_000 {
            let _ = remote.adopt(&format!("https://app.example/{number}"), number, Timestamp::default());
        }
        assert!(remote.count() <= 10, "{}", remote.count());
    }

    #[tokio::test]
    async fn sec_124_an_address_is_left_alone_for_a_while_unless_nothing_was_read() {
        let remote = Remote::new(10, Clock::from_fn(Timestamp::default));
        let held = |it: Option<Held<u8>>| it.map(|held| *held.value);
        let mut asked = 0;
        let mut read = async |value: u8| {
            let begin = || {
                asked += 1;
                Ok(std::future::ready(Ok((value, PAUSE))))
            };
            held(remote.read_again("a", begin).await.expect("it begins"))
        };
        assert_eq!((read(1).await, read(2).await), (Some(1), Some(1)));
        assert_eq!(asked, 1);
        let full = || Err::<std::future::Ready<Result<(u8, Duration)>>, _>(ErrorKind::TooManyRequests.into());
        assert!(remote.read_again("b", full).await.is_err());
        let begun = remote.read_again("b", || Ok(std::future::ready(Ok((3, PAUSE))))).await;
        assert_eq!(held(begun.expect("it begins")), Some(3), "what was not begun does not count");
    }
}
