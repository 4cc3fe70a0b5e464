//! Which key signs when: the life of keys as a function of time, so that all nodes agree without a word.
//!
//! A key is published first (*next*), signs from a moment that is known long before (*current*), and
//! is then only verified with (*previous*) until the last token that it may have signed is dead.

use std::cmp::Ordering;
use std::time::Duration;

use entity::Timestamp;

use super::{Settings, SigningAlgorithm};

/// How long a verifier may keep the published set: the `max-age` that it is told.
pub const JWKS_MAX_AGE: Duration = Duration::from_secs(300);
/// How long a key is published before it signs: twice that, and a minute in which every node has
/// come to publish it.
pub(super) const LEAD: Duration = Duration::from_secs(2 * JWKS_MAX_AGE.as_secs() + 60);
/// By how much clocks may differ, and a node be late to notice a rotation.
pub(super) const TOLERANCE: Duration = Duration::from_secs(60);
/// When a key signs whose turn only a command brings.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// One key's place in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) kid: String,
    pub(super) algorithm: SigningAlgorithm,
    pub(super) created_at: Timestamp,
    pub(super) signs_from: Timestamp,
    pub(super) retired_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
}

impl Term {
    /// Which of two keys comes first.
    fn order(&self, other: &Self) -> Ordering {
        let place = |it: &Self| (it.signs_from, it.created_at);
        place(self).cmp(&place(other)).then_with(|| self.kid.cmp(&other.kid))
    }
}

impl AsRef<Self> for Term {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The key that signs with `algorithm` at `now`: the newest whose time has come. There is one as
/// long as there is any, also where the clock is behind that of the node which took the last step.
pub(super) fn signer<T: AsRef<Term>>(keys: &[T], algorithm: SigningAlgorithm, now: Timestamp) -> Option<&T> {
    let open = |it: &&T| it.as_ref().algorithm == algorithm && it.as_ref().retired_at.is_none_or(|at| at > now);
    let order = |one: &&T, other: &&T| one.as_ref().order(other.as_ref());
    let begun = keys.iter().filter(open).filter(|it| it.as_ref().signs_from <= now).max_by(order);
    begun.or_else(|| keys.iter().filter(open).min_by(order))
}

/// Every key, at one moment.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pub(super) terms: Vec<Term>,
    pub(super) settings: Settings,
    pub(super) now: Timestamp,
}

/// Gives the `kid` of a new key; none when it has no more of them.
pub(super) type Make<'m> = &'m mut dyn FnMut(SigningAlgorithm) -> Option<String>;

impl Schedule {
    /// Takes every step that is due: makes keys that lack, retires those whose successor signs, drops
    /// those whose time is over. Answers false when `make` had too few: then nothing may be kept.
    pub(super) fn settle(&mut self, make: Make<'_>) -> bool {
        let settled = SigningAlgorithm::ALL.iter().all(|algorithm| self.settle_one(*algorithm, make).is_some());
        let now = self.now;
        self.terms.retain(|it| it.expires_at.is_none_or(|at| at > now));
        settled
    }

    fn settle_one(&mut self, algorithm: SigningAlgorithm, make: Make<'_>) -> Option<()> {
        if self.current(algorithm).is_none() {
            match self.next(algorithm) {
                Some(next) => self.terms[next].signs_from = self.now,
                None => self.add(make(algorithm)?, algorithm, self.now),
            }
        }
        self.align(algorithm);
        self.retire(algorithm);
        if self.next(algorithm).is_none() {
            let signs_from = self.turn(algorithm, self.now);
            self.add(make(algorithm)?, algorithm, signs_from);
        }
        Some(())
    }

    /// Lets the next key of every algorithm sign as soon as it has been published for long enough.
    /// Answers as [`Self::settle`].
    pub(super) fn rotate(&mut self, make: Make<'_>) -> bool {
        let settled = self.settle(make);
        for next in SigningAlgorithm::ALL.iter().filter_map(|algorithm| self.next(*algorithm)).collect::<Vec<_>>() {
            let term = &mut self.terms[next];
            term.signs_from = term.signs_from.min(self.now.max(term.created_at + LEAD));
        }
        settled && self.settle(make)
    }

    /// Drops the key `kid` at once; where it signed, the next one does from now on. Answers as
    /// [`Self::settle`].
    pub(super) fn condemn(&mut self, kid: &str, make: Make<'_>) -> bool {
        // A former key that nobody has retired yet must not come back in its place.
        self.retire_all();
        self.terms.retain(|it| it.kid != kid);
        self.settle(make)
    }

    /// Marks the keys whose successor signs already.
    pub(super) fn retire_all(&mut self) {
        SigningAlgorithm::ALL.iter().for_each(|algorithm| self.retire(*algorithm));
    }

    /// The place of the key `kid`.
    pub(super) fn term(&self, kid: &str) -> Option<&Term> {
        self.terms.iter().find(|it| it.kid == kid)
    }

    fn retire(&mut self, algorithm: SigningAlgorithm) {
        let begun = self.sorted(algorithm, |it| it.signs_from <= self.now);
        for pair in begun.windows(2) {
            let at = self.terms[pair[1]].signs_from;
            let former = &mut self.terms[pair[0]];
            former.retired_at = Some(at);
            former.expires_at = Some(at + self.settings.longest_token + TOLERANCE);
        }
    }

    /// Brings the turn of the next key in line with the settings. One that has been told to sign as
    /// soon as it may is left alone.
    fn align(&mut self, algorithm: SigningAlgorithm) {
        let Some(next) = self.next(algorithm) else { return };
        let Term { created_at, signs_from, .. } = self.terms[next];
        if signs_from > created_at + LEAD {
            self.terms[next].signs_from = self.turn(algorithm, created_at).max(self.now);
        }
    }

    /// From when on a key that was made at `created_at` signs, by the settings.
    fn turn(&self, algorithm: SigningAlgorithm, created_at: Timestamp) -> Timestamp {
        let begun = self.current(algorithm).map_or(self.now, |it| self.terms[it].signs_from);
        self.settings.rotation.map_or(NEVER, |rotation| (begun + rotation).max(created_at + LEAD))
    }

    fn current(&self, algorithm: SigningAlgorithm) -> Option<usize> {
        self.sorted(algorithm, |it| it.signs_from <= self.now).last().copied()
    }

    fn next(&self, algorithm: SigningAlgorithm) -> Option<usize> {
        self.sorted(algorithm, |it| it.signs_from > self.now).first().copied()
    }

    /// The places of the keys of `algorithm` that are not retired and for which `which` holds, in order.
    fn sorted(&self, algorithm: SigningAlgorithm, which: impl Fn(&Term) -> bool) -> Vec<usize> {
        let open = |it: &Term| it.algorithm == algorithm && it.retired_at.is_none() && which(it);
        let mut places: Vec<usize> = (0..self.terms.len()).filter(|at| open(&self.terms[*at])).collect();
        places.sort_by(|one, other| self.terms[*one].order(&self.terms[*other]));
        places
    }

    fn add(&mut self, kid: String, algorithm: SigningAlgorithm, signs_from: Timestamp) {
        let created_at = self.now;
        self.terms.push(Term { kid, algorithm, created_at, signs_from, retired_at: None, expires_at: None });
    }
}
