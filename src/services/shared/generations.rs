//! Exact forgetting without lists: a number per subject, which every change raises.
//!
//! A cached answer keeps the numbers from before its read and is good only while they stand. The
//! numbers live in a fixed table addressed by hash; two subjects that share a place only forget
//! each other more often than they need.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use entity::{ClientId, MalformedId, SessionId, UserId};

const PLACES: usize = 1 << 14;

/// What can change under a cached answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person: role, group, name, address, ban, deletion.
    User(UserId),
    /// A session: its end.
    Session(SessionId),
    /// A client: its secret, rights, removal.
    Client(ClientId),
    /// The signing keys: a new one, another's turn.
    Keys,
    /// All of it: said when it is not known what changed.
    Everything,
}

impl Subject {
    /// The word for its kind, as kept in a row.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Session(_) => "session",
            Self::Client(_) => "client",
            Self::Keys => "keys",
            Self::Everything => "everything",
        }
    }

    /// Reads what [`Self::kind`] and `Display` wrote.
    ///
    /// # Errors
    /// When it is of no known kind, or its id is malformed.
    pub fn read(kind: &str, id: &str) -> Result<Self, MalformedId> {
        match kind {
            "user" => UserId::from_str(id).map(Self::User),
            "session" => SessionId::from_str(id).map(Self::Session),
            "client" => Ok(Self::Client(ClientId::new(id))),
            "keys" => Ok(Self::Keys),
            "everything" => Ok(Self::Everything),
            _ => Err(MalformedId),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Session(id) => id.fmt(f),
            Self::Client(id) => id.fmt(f),
            Self::Keys | Self::Everything => Ok(()),
        }
    }
}

/// The state of `N` subjects at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<const N: usize> {
    everything: u64,
    seen: [(u32, u64); N],
}

pub(super) struct Generations {
    /// How often anything at all has changed.
    changes: AtomicU64,
    everything: AtomicU64,
    places: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Generations {
    pub(super) fn new() -> Self {
        let places = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        Self { changes: AtomicU64::new(0), everything: AtomicU64::new(0), places, hasher: RandomState::new() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below PLACES")]
    fn place(&self, subject: &Subject) -> u32 {
        (self.hasher.hash_one(subject) % PLACES as u64) as u32
    }

    pub(super) fn stamp<const N: usize>(&self, subjects: [&Subject; N]) -> Stamp<N> {
        Stamp {
            everything: self.everything.load(Ordering::Acquire),
            seen: subjects.map(|subject| {
                let place = self.place(subject);
                (place, self.places[place as usize].load(Ordering::Acquire))
            }),
        }
    }

    pub(super) fn is_current<const N: usize>(&self, stamp: &Stamp<N>) -> bool {
        stamp.everything == self.everything.load(Ordering::Acquire)
            && stamp.seen.iter().all(|(place, seen)| self.places[*place as usize].load(Ordering::Acquire) == *seen)
    }

    pub(super) fn bump(&self, subject: &Subject) {
        let number = match subject {
            Subject::Everything => &self.everything,
            other => &self.places[self.place(other) as usize],
        };
        number.fetch_add(1, Ordering::AcqRel);
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Generations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generations")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_ends_exactly_what_it_touches() {
        let generations = Generations::new();
        let (ada, session) =
            (Subject::User(UserId::from_bytes([1; 12])), Subject::Session(SessionId::from_bytes([2; 16])));
        let before = generations.stamp([&ada, &session]);
        assert!(generations.is_current(&before));
        for subject in [&ada, &session, &Subject::Everything] {
            let before = generations.stamp([&ada, &session]);
            generations.bump(subject);
            assert!(!generations.is_current(&before), "{subject:?}");
        }
        assert!(!generations.is_current(&before));
    }

    #[test]
    fn a_subject_reads_back_from_its_row() {
        for subject in [
            Subject::User(UserId::from_bytes([7; 12])),
            Subject::Session(SessionId::from_bytes([9; 16])),
            Subject::Client(ClientId::new("chat")),
            Subject::Keys,
            Subject::Everything,
        ] {
            assert_eq!(Subject::read(subject.kind(), &subject.to_string()), Ok(subject));
        }
        assert!(Subject::read("user", "nobody").is_err());
    }
}
