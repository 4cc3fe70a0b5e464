//! State that several requests, and later several nodes, share: counters, and what to forget.

mod counters;
mod generations;
mod invalidation;

pub use counters::{Counters, Limit};
pub use generations::{Stamp, Subject};
pub use invalidation::{Pending, listen};

use generations::Generations;

use crate::clock::Clock;

/// Counters and invalidation of this node.
#[derive(Debug)]
pub struct Shared {
    /// What is limited.
    pub counters: Counters,
    generations: Generations,
    clock: Clock,
}

impl Shared {
    /// Empty: nothing counted, nothing to forget.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { counters: Counters::new(clock.clone()), generations: Generations::new(), clock }
    }

    /// The state of `subjects` now; taken *before* a read whose result is to be cached.
    #[must_use]
    pub fn stamp<const N: usize>(&self, subjects: [&Subject; N]) -> Stamp<N> {
        self.generations.stamp(subjects)
    }

    /// Whether nothing that `stamp` covers has changed since it was taken.
    #[must_use]
    pub fn is_current<const N: usize>(&self, stamp: &Stamp<N>) -> bool {
        self.generations.is_current(stamp)
    }

    /// How often anything at all has changed: for whoever learns only from a read whom it is about.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.generations.changes()
    }

    /// Forgets `subject` on this node, at once.
    pub fn forget(&self, subject: &Subject) {
        self.generations.bump(subject);
    }
}

#[cfg(test)]
mod tests;
