//! Calls to addresses that nobody here has declared: strangers have them made, so many under way for all and
//! so many for each network.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// How many are under way at once, whoever asks.
const AT_ONCE: usize = 64;
/// How many of them one network has under way: eight of them together fill the house, one alone does not.
const OF_ONE: usize = 8;
/// When it is worth trying again.
const SOON: Duration = Duration::from_secs(1);

/// How many calls each network has under way; those that have none are not among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls(Arc<Mutex<HashMap<String, usize>>>);

/// A call under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Call {
    calls: Calls,
    network: String,
}

impl Calls {
    /// Begins a call for `network`.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] while that network has as many under way as it may,
    /// [`ErrorKind::Unavailable`] while all networks together have.
    pub(super) fn begin(&self, network: String) -> Result<Call> {
        let mut counts = self.counts();
        if counts.get(&network).is_some_and(|count| *count >= OF_ONE) {
            return Err(Error::from(ErrorKind::TooManyRequests).retry_after(SOON));
        }
        if counts.values().sum::<usize>() >= AT_ONCE {
            return Err(Error::busy(SOON));
        }
        *counts.entry(network.clone()).or_default() += 1;
        Ok(Call { calls: self.clone(), network })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut counts = self.calls.counts();
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_124_no_network_takes_every_place_and_none_is_remembered() {
        let calls = Calls::default();
        let begin = |network: usize| calls.begin(format!("192.0.2.{network}"));
        let mut under_way = Vec::new();
        for network in 0..AT_ONCE / OF_ONE {
            under_way.extend((0..OF_ONE).map(|_| begin(network).expect("room")));
            assert_eq!(begin(network).expect_err("full").kind, ErrorKind::TooManyRequests);
        }
        assert_eq!(begin(100).expect_err("full").kind, ErrorKind::Unavailable);
        under_way.pop();
        under_way.push(begin(100).expect("room"));
        under_way.clear();
        assert!(calls.counts().is_empty());
    }
}
