//! A world of nodes, verifiers and commands, in which a schedule has to hold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entity::Timestamp;
use proptest::prelude::*;

use super::schedule::{JWKS_MAX_AGE, Make, Schedule, Term, signer};
use super::{Settings, SigningAlgorithm};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const TOKEN: Duration = Duration::from_secs(3600);
/// How long a node may go on by what it read.
const STALE: Duration = Duration::from_secs(30);
pub(super) const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(super) const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Es256;

pub(super) fn schedule(rotation: Option<Duration>) -> Schedule {
    Schedule { terms: Vec::new(), settings: Settings { rotation, longest_token: TOKEN }, now: START }
}

/// Numbers the keys that it makes.
#[derive(Default)]
pub(super) struct Maker(usize);

impl Maker {
    pub(super) fn make(&mut self, step: impl FnOnce(Make<'_>) -> bool) {
        let made = step(&mut |_| {
            self.0 += 1;
            Some(format!("key {:03}", self.0))
        });
        assert!(made, "there is always one more");
    }
}

/// What somebody does, or lets happen.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Seconds in which the server runs, and looks after the keys every half minute.
    Run(u32),
    /// Days in which nothing runs.
    Off(u32),
    Rotate,
    /// Gives up one of the published keys.
    Condemn(prop::sample::Index),
    /// Starts again with another setting, in days.
    Restart(Option<u32>),
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1u32..2_000).prop_map(Act::Run),
        2 => (80_000u32..180_000).prop_map(Act::Run),
        1 => (1u32..400).prop_map(Act::Off),
        3 => Just(Act::Rotate),
        2 => any::<prop::sample::Index>().prop_map(Act::Condemn),
        1 => prop::option::of(1u32..100).prop_map(Act::Restart),
    ]
}

/// The database, a node that read it a while ago, and all that was ever signed or published.
pub(super) struct World {
    truth: Schedule,
    /// What a node has in memory.
    node: Schedule,
    maker: Maker,
    published: BTreeMap<String, Timestamp>,
    /// Keys that had to sign before their time: at the very start, and after others were given up.
    hurried: BTreeSet<String>,
    condemned: BTreeSet<String>,
    /// Each signing key with the end of the last token that it signed.
    signed: BTreeMap<String, Timestamp>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut world = Self {
            truth: schedule(Some(90 * DAY)),
            node: schedule(None),
            maker: Maker::default(),
            published: BTreeMap::new(),
            hurried: BTreeSet::new(),
            condemned: BTreeSet::new(),
            signed: BTreeMap::new(),
        };
        world.settle();
        let first = signer(&world.truth.terms, ALGORITHM, START).expect("a signer").kid.clone();
        world.hurried.insert(first);
        world
    }

    fn settle(&mut self) {
        self.maker.make(|make| self.truth.settle(make));
        self.note();
        self.node = self.truth.clone();
    }

    fn note(&mut self) {
        for term in &self.truth.terms {
            self.published.entry(term.kid.clone()).or_insert(self.truth.now);
        }
    }

    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Run(seconds) => {
                let end = self.truth.now + Duration::from_secs(u64::from(*seconds));
                // Long runs are looked at more rarely, or a case would take minutes.
                let pace = Ord::max(STALE, Duration::from_secs(u64::from(*seconds) / 60));
                while self.truth.now < end {
                    self.truth.now = Ord::min(end, self.truth.now + pace);
                    // A node takes notice half a minute late at the most, however long a run is here.
                    if pace > STALE {
                        self.settle();
                    }
                    self.sign();
                    self.settle();
                    self.check();
                }
            }
            Act::Off(days) => {
                self.truth.now = self.truth.now + DAY * *days;
                self.settle();
            }
            Act::Rotate => {
                self.maker.make(|make| self.truth.rotate(make));
                self.note();
            }
            Act::Condemn(which) => self.condemn(which),
            Act::Restart(days) => {
                self.truth.settings.rotation = days.map(|days| DAY * days);
                self.settle();
            }
        }
        self.sign();
    }

    fn condemn(&mut self, which: &prop::sample::Index) {
        let kid = which.get(&self.truth.terms).kid.clone();
        self.maker.make(|make| self.truth.condemn(&kid, make));
        self.condemned.insert(kid);
        self.note();
        // Every node hears of it within a second.
        self.node = self.truth.clone();
        for algorithm in SigningAlgorithm::ALL {
            let heir = signer(&self.truth.terms, *algorithm, self.truth.now).expect("a signer");
            if heir.signs_from == self.truth.now {
                self.hurried.insert(heir.kid.clone());
            }
        }
    }

    /// The node signs by what it has in memory.
    fn sign(&mut self) {
        let now = self.truth.now;
        let key = signer(&self.node.terms, ALGORITHM, now).expect("somebody signs").clone();
        assert!(!self.condemned.contains(&key.kid), "a condemned key signs");
        let known = self.published[&key.kid];
        assert!(
            self.hurried.contains(&key.kid) || now.since(known) >= 2 * JWKS_MAX_AGE,
            "{} signs {:?} after it was published",
            key.kid,
            now.since(known)
        );
        self.signed.insert(key.kid, now + TOKEN);
    }

    pub(super) fn check(&self) {
        let now = self.truth.now;
        for algorithm in SigningAlgorithm::ALL {
            let of = |it: &&Term| it.algorithm == *algorithm && it.retired_at.is_none();
            let open: Vec<_> = self.truth.terms.iter().filter(of).collect();
            let begun = open.iter().filter(|it| it.signs_from <= now).count();
            assert_eq!((begun, open.len()), (1, 2), "one signs and one stands ready: {open:?}");
        }
        for (kid, end) in &self.signed {
            let is_published = self.truth.term(kid).is_some();
            assert!(*end <= now || is_published || self.condemned.contains(kid), "{kid} left tokens behind");
        }
        for kid in &self.condemned {
            assert!(self.truth.term(kid).is_none(), "{kid} came back");
        }
    }
}
