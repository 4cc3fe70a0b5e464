//! The schedule, step by step and in a world that does what it likes.

use std::time::Duration;

use proptest::prelude::*;

use super::SigningAlgorithm;
use super::schedule::{LEAD, NEVER, Schedule, signer};
use super::world::{ALGORITHM, DAY, Maker, START, TOKEN, World, act, schedule};

proptest! {
    /// At any moment one key signs and one stands ready; a key is published for twice the time that
    /// verifiers keep the set before it signs, and until its last token is dead; what is condemned
    /// is gone.
    #[test]
    fn sec_081_no_verifier_ever_misses_a_key(acts in prop::collection::vec(act(), 1..25)) {
        let mut world = World::new();
        world.check();
        for act in &acts {
            world.act(act);
            world.check();
        }
    }
}

#[test]
fn sec_081_a_rotation_in_its_stages() {
    let (mut it, mut maker) = (schedule(Some(90 * DAY)), Maker::default());
    maker.make(|make| it.settle(make));
    assert_eq!(it.terms.len(), 2 * SigningAlgorithm::ALL.len(), "one that signs and one that stands ready, of each");
    let kids = |it: &Schedule| -> Vec<String> {
        it.terms.iter().filter(|it| it.algorithm == ALGORITHM).map(|it| it.kid.clone()).collect()
    };
    let (first, second) = (kids(&it)[0].clone(), kids(&it)[1].clone());
    assert_eq!(it.term(&second).map(|it| it.signs_from), Some(START + 90 * DAY));

    it.now = START + 90 * DAY;
    assert_eq!(signer(&it.terms, ALGORITHM, it.now).map(|it| &it.kid), Some(&second), "by time alone");
    maker.make(|make| it.settle(make));
    let retired = it.term(&first).expect("it is still published").clone();
    assert_eq!(retired.retired_at, Some(START + 90 * DAY));
    let third = kids(&it)[2].clone();
    assert_eq!(it.term(&third).map(|it| it.signs_from), Some(START + 180 * DAY));

    it.now = it.now + TOKEN;
    maker.make(|make| it.settle(make));
    assert!(it.term(&first).is_some(), "clocks differ");
    it.now = retired.expires_at.expect("an end");
    maker.make(|make| it.settle(make));
    assert_eq!(kids(&it), [second, third]);
}

#[test]
fn a_rotation_by_hand_waits_for_a_key_that_nobody_knows_yet() {
    let (mut it, mut maker) = (schedule(None), Maker::default());
    maker.make(|make| it.settle(make));
    assert_eq!(it.terms[1].signs_from, NEVER, "0 is by hand alone");
    it.now = START + Duration::from_secs(10);
    maker.make(|make| it.rotate(make));
    assert_eq!(it.terms[1].signs_from, START + LEAD);
    let staged = it.terms.clone();
    maker.make(|make| it.rotate(make));
    assert_eq!(it.terms, staged, "told twice is told once");
    it.now = START + LEAD;
    maker.make(|make| it.settle(make));
    it.now = START + DAY;
    maker.make(|make| it.rotate(make));
    let signs = signer(&it.terms, it.terms[1].algorithm, it.now).expect("a signer");
    assert_eq!(signs.signs_from, it.now, "one that all have known for long signs at once");
}

#[test]
fn a_changed_setting_moves_the_turn_that_was_set_before() {
    let (mut it, mut maker) = (schedule(Some(90 * DAY)), Maker::default());
    maker.make(|make| it.settle(make));
    for (rotation, turn) in [
        (None, NEVER),
        (Some(30 * DAY), START + 30 * DAY),
        (Some(60 * DAY), START + 60 * DAY),
        (Some(90 * DAY), START + 90 * DAY),
    ] {
        it.settings.rotation = rotation;
        maker.make(|make| it.settle(make));
        assert_eq!(it.terms[1].signs_from, turn);
    }
    // A turn that would have been long ago is now: what the key from before signed today is still verified.
    it.now = START + 50 * DAY;
    it.settings.rotation = Some(DAY);
    maker.make(|make| it.settle(make));
    assert_eq!((it.terms[1].signs_from, it.terms[0].retired_at), (it.now, Some(it.now)));
}

/// Nothing is kept of a step for which too few keys were made.
#[test]
fn a_step_says_when_it_lacks_keys() {
    let mut it = schedule(None);
    let mut left = 5;
    let mut few = |_| {
        left -= 1;
        (left >= 0).then(|| format!("key {left}"))
    };
    assert!(!it.settle(&mut few));
}
