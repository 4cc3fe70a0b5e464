//! So many within so long: counted and checked in one step, in a bounded table.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::Timestamp;

use crate::clock::Clock;

const SHARDS: usize = 16;
/// Places of one shard. When all are taken the window that ends first is given up: whoever floods
/// the table from ever new networks gains one forgotten counter for each that he fills.
const PLACES: usize = 4096;

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many, at least 1.
    pub max: u32,
    /// Within how long, from the first one on.
    pub window: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    count: u32,
    ends: Timestamp,
}

/// Counters of this node.
#[derive(Debug)]
pub struct Counters {
    shards: [Mutex<HashMap<u64, Window>>; SHARDS],
    hasher: RandomState,
    clock: Clock,
}

impl Counters {
    pub(super) fn new(clock: Clock) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new(), clock }
    }

    /// Counts one more of `key`, unless that would pass `limit`: then it answers how long to wait.
    ///
    /// # Errors
    /// The time until the window ends.
    pub fn hit(&self, key: &str, limit: Limit) -> Result<(), Duration> {
        let now = self.clock.now();
        let (shard, hash) = self.place(key);
        let mut windows = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&hash).filter(|window| window.ends > now) {
            if window.count >= limit.max {
                return Err(window.ends.since(now));
            }
            window.count += 1;
            return Ok(());
        }
        if windows.len() >= PLACES {
            make_room(&mut windows, now);
        }
        windows.insert(hash, Window { count: 1, ends: now + limit.window });
        Ok(())
    }

    /// How long `key` has to wait until one more of it can be counted under `limit`; none: not at
    /// all. Counts nothing: what decides is still [`Self::hit`].
    #[must_use]
    pub fn wait(&self, key: &str, limit: Limit) -> Option<Duration> {
        let now = self.clock.now();
        let (shard, hash) = self.place(key);
        let windows = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.get(&hash).filter(|window| window.ends > now && window.count >= limit.max)?;
        Some(window.ends.since(now))
    }

    /// Takes one of `key` back: it was counted before it showed that it does not count.
    pub fn give_back(&self, key: &str) {
        let (shard, hash) = self.place(key);
        let mut windows = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&hash) {
            window.count = window.count.saturating_sub(1);
        }
    }

    /// Forgets `key`.
    pub fn clear(&self, key: &str) {
        let (shard, hash) = self.place(key);
        shard.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
    }

    /// Gives up every window that has ended.
    pub fn sweep(&self) {
        let now = self.clock.now();
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, window| window.ends > now);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below SHARDS")]
    fn place(&self, key: &str) -> (&Mutex<HashMap<u64, Window>>, u64) {
        let hash = self.hasher.hash_one(key);
        (&self.shards[(hash % SHARDS as u64) as usize], hash)
    }
}

fn make_room(windows: &mut HashMap<u64, Window>, now: Timestamp) {
    windows.retain(|_, window| window.ends > now);
    if windows.len() >= PLACES
        && let Some(first) = windows.iter().min_by_key(|(_, window)| window.ends).map(|(hash, _)| *hash)
    {
        windows.remove(&first);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    fn at(start: i64) -> (Arc<AtomicI64>, Counters) {
        let time = Arc::new(AtomicI64::new(start));
        let clock = Clock::from_fn({
            let time = Arc::clone(&time);
            move || Timestamp::from_millis(time.load(Ordering::SeqCst))
        });
        (time, Counters::new(clock))
    }

    const TWO: Limit = Limit { max: 2, window: Duration::from_secs(60) };

    #[test]
    fn sec_124_check_and_count_are_one_step() {
        let (_, counters) = at(0);
        let passed: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| counters.hit("192.0.2.1", TWO).is_ok()).count()))
                .collect();
            tries.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
        });
        assert_eq!(passed, 2);
    }

    #[test]
    fn a_window_ends_and_says_when() {
        let (time, counters) = at(0);
        assert_eq!(counters.hit("a", TWO), Ok(()));
        time.store(10_000, Ordering::SeqCst);
        assert_eq!((counters.hit("a", TWO), counters.wait("b", TWO)), (Ok(()), None));
        assert_eq!(counters.hit("a", TWO), Err(Duration::from_secs(50)));
        assert_eq!(counters.wait("a", TWO), Some(Duration::from_secs(50)));
        assert_eq!(counters.hit("b", TWO), Ok(()));
        counters.give_back("a");
        assert_eq!(counters.hit("a", TWO), Ok(()));
        assert_eq!(counters.hit("a", TWO), Err(Duration::from_secs(50)));
        time.store(60_000, Ordering::SeqCst);
        assert_eq!(counters.hit("a", TWO), Ok(()));
        counters.clear("b");
        counters.sweep();
    }

    #[test]
    fn sec_146_strangers_cannot_make_it_grow() {
        let (_, counters) = at(0);
        for stranger in 0..(SHARDS * PLACES * 2) {
            let _ = counters.hit(&format!("stranger {stranger}"), TWO);
        }
        let kept: usize = counters.shards.iter().map(|shard| shard.lock().map_or(0, |windows| windows.len())).sum();
        assert!(kept <= SHARDS * PLACES, "{kept}");
    }
}
