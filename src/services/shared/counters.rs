//! So many within so long: counted and checked in one step, in a bounded table.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::Timestamp;

use crate::clock::Clock;

const SHARDS: usize = 16;
/// Places of one kind in one shard. When all are taken the window of that kind which ends first is
/// given up: whoever floods a kind from ever new networks gains one forgotten counter of that kind
/// for each that he fills, and none of another, whose windows may cost him more to fill.
const PLACES: usize = 3584;
/// Kinds that have places of their own; any further ones share those of the nameless kind.
const KINDS: usize = 24;
const NAMELESS: u64 = 0;

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

/// The windows of one shard, by kind.
type Shard = HashMap<u64, Windows>;
/// The windows of one kind, by the hash of their key.
type Windows = HashMap<u64, Window>;

/// Where the window of a key stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    kind: u64,
    key: u64,
}

/// Counters of this node. A key begins with its kind, up to the first slash: a word of this
/// program, never of a stranger.
#[derive(Debug)]
pub struct Counters {
    shards: [Mutex<Shard>; SHARDS],
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
        let (shard, place) = self.place(key);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = windows_of(&mut shard, place);
        if let Some(window) = windows.get_mut(&place.key).filter(|window| window.ends > now) {
            if window.count >= limit.max {
                return Err(window.ends.since(now));
            }
            window.count += 1;
            return Ok(());
        }
        if windows.len() >= PLACES {
            make_room(windows, now);
        }
        windows.insert(place.key, Window { count: 1, ends: now + limit.window });
        Ok(())
    }

    /// How long `key` has to wait until one more of it can be counted under `limit`; none: not at
    /// all. Counts nothing: what decides is still [`Self::hit`].
    #[must_use]
    pub fn wait(&self, key: &str, limit: Limit) -> Option<Duration> {
        let now = self.clock.now();
        let (shard, place) = self.place(key);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = windows_of(&mut shard, place);
        let window = windows.get(&place.key).filter(|window| window.ends > now && window.count >= limit.max)?;
        Some(window.ends.since(now))
    }

    /// Takes one of `key` back: it was counted before it showed that it does not count.
    pub fn give_back(&self, key: &str) {
        let (shard, place) = self.place(key);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows_of(&mut shard, place).get_mut(&place.key) {
            window.count = window.count.saturating_sub(1);
        }
    }

    /// Forgets `key`.
    pub fn clear(&self, key: &str) {
        let (shard, place) = self.place(key);
        windows_of(&mut shard.lock().unwrap_or_else(PoisonError::into_inner), place).remove(&place.key);
    }

    /// Gives up every window that has ended.
    pub fn sweep(&self) {
        let now = self.clock.now();
        for shard in &self.shards {
            let mut kinds = shard.lock().unwrap_or_else(PoisonError::into_inner);
            kinds.values_mut().for_each(|windows| windows.retain(|_, window| window.ends > now));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below SHARDS")]
    fn place(&self, key: &str) -> (&Mutex<Shard>, Place) {
        let kind = key.split('/').next().unwrap_or_default();
        let place = Place { kind: self.hasher.hash_one(kind), key: self.hasher.hash_one(key) };
        (&self.shards[(place.key % SHARDS as u64) as usize], place)
    }
}

/// A kind keeps its table for good, also an empty one: what once had places of its own is never
/// looked for among those of the nameless kind.
fn windows_of(shard: &mut Shard, place: Place) -> &mut Windows {
    let is_one_too_many = shard.len() >= KINDS && !shard.contains_key(&place.kind);
    shard.entry(if is_one_too_many { NAMELESS } else { place.kind }).or_default()
}

fn make_room(windows: &mut Windows, now: Timestamp) {
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
    /// More than one kind has places for, in every shard.
    const FLOOD: usize = SHARDS * PLACES / 8 * 9;

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

    fn kept(counters: &Counters) -> usize {
        let shards = counters.shards.iter();
        shards.map(|shard| shard.lock().map_or(0, |kinds| kinds.values().map(HashMap::len).sum())).sum()
    }

    #[test]
    fn sec_146_strangers_cannot_make_it_grow() {
        let (_, counters) = at(0);
        for stranger in 0..FLOOD {
            let _ = counters.hit(&format!("strangers/{stranger}"), TWO);
        }
        assert!(kept(&counters) <= SHARDS * PLACES);
        for stranger in 0..FLOOD {
            let _ = counters.hit(&format!("kind {stranger}"), TWO);
        }
        assert!(kept(&counters) <= SHARDS * (2 * PLACES + KINDS), "not even with ever new kinds");
    }

    #[test]
    fn sec_124_sec_125_a_flood_of_one_kind_gives_up_no_window_of_another() {
        let (_, counters) = at(0);
        let victims = || (0..100).map(|victim| format!("logins/{victim}"));
        victims().for_each(|key| (0..2).for_each(|_| assert_eq!(counters.hit(&key, TWO), Ok(()))));
        let cheap = Limit { max: 1, window: Duration::from_secs(3600) };
        for network in 0..FLOOD {
            let _ = counters.hit(&format!("registrations/{network}"), cheap);
        }
        assert!(victims().all(|key| counters.hit(&key, TWO).is_err()));
    }
}
