//! What may be known of keys, and what is told of their changes.

use entity::Timestamp;

use super::SigningAlgorithm;
use super::schedule::{NEVER, Schedule, Term, signer};
use crate::clock::rfc3339;
use crate::services::audit::{Event, EventKind};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, so that verifiers know it before it signs.
    Next,
    /// It signs.
    Current,
    /// Published for the tokens that it signed.
    Previous,
}

impl KeyState {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}

/// What may be known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id in tokens and in the published set.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made and published.
    pub created_at: Timestamp,
    /// From when on it signs; none: when a command says so.
    pub signs_from: Option<Timestamp>,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// When it is published no more.
    pub expires_at: Option<Timestamp>,
}

/// Every key, by algorithm and in the order of their turns.
pub(super) fn all(mut schedule: Schedule) -> Vec<KeyInfo> {
    schedule.retire_all();
    let Schedule { mut terms, now, .. } = schedule;
    terms.sort_by_key(|it| {
        (SigningAlgorithm::ALL.iter().position(|of| *of == it.algorithm), it.signs_from, it.created_at)
    });
    let state = |it: &Term| match signer(&terms, it.algorithm, now) {
        Some(signer) if signer.kid == it.kid => KeyState::Current,
        _ if it.retired_at.is_none() => KeyState::Next,
        _ => KeyState::Previous,
    };
    terms.iter().map(|it| info(it, state(it))).collect()
}

fn info(term: &Term, state: KeyState) -> KeyInfo {
    let Term { kid, algorithm, created_at, signs_from, retired_at, expires_at } = term.clone();
    KeyInfo { kid, algorithm, state, created_at, signs_from: when(signs_from), retired_at, expires_at }
}

fn when(signs_from: Timestamp) -> Option<Timestamp> {
    (signs_from != NEVER).then_some(signs_from)
}

/// What the audit is told of the steps from `before` to `after`.
pub(super) fn events(before: &Schedule, after: &Schedule) -> Vec<Event> {
    let event = |kind, it: &Term| Event::new(kind).with("kid", &*it.kid).with("algorithm", it.algorithm.name());
    let mut events = Vec::new();
    for it in &after.terms {
        let former = before.term(&it.kid);
        let signs_from = when(it.signs_from).map(rfc3339);
        match former {
            None => events.push(event(EventKind::KeyMade, it).with("signs_from", signs_from)),
            Some(former) if former.signs_from != it.signs_from => {
                events.push(event(EventKind::KeyRotated, it).with("signs_from", signs_from));
            }
            Some(former) if former.retired_at != it.retired_at => events.push(event(EventKind::KeyRetired, it)),
            Some(_) => {}
        }
    }
    let gone = before.terms.iter().filter(|it| after.term(&it.kid).is_none());
    let condemned = gone.filter(|it| it.expires_at.is_none_or(|at| at > after.now));
    events.extend(condemned.map(|it| event(EventKind::KeyCondemned, it)));
    events
}
