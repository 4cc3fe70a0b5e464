use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::*;
use crate::services::audit::{Event, EventKind};
use crate::services::testing::House;

const TRY: Duration = Duration::from_secs(30);

/// Notes what it delivers, and does with it what it was told to.
#[derive(Default)]
struct Notes {
    delivered: Mutex<Vec<(String, String)>>,
    /// Targets whose messages fail, and whether because they are away.
    failing: Mutex<Vec<(&'static str, bool)>>,
    refusing: bool,
    hanging: bool,
}

impl Notes {
    fn delivered(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.delivered.lock().expect("not poisoned"))
    }

    fn fails(&self, target: &'static str, away: bool) {
        self.failing.lock().expect("not poisoned").push((target, away));
    }
}

impl Courier for Notes {
    const KIND: Kind = Kind::BackChannelLogout;

    fn longest_try(&self) -> Duration {
        TRY
    }

    async fn deliver(&self, letter: &Letter) -> Delivery {
        self.delivered.lock().expect("not poisoned").push((letter.target.clone(), letter.payload.clone()));
        if self.hanging {
            std::future::pending::<()>().await;
        }
        // Others get their turn meanwhile, as they do when a message travels.
        tokio::task::yield_now().await;
        let failing = self.failing.lock().expect("not poisoned").iter().find(|it| it.0 == letter.target).copied();
        match failing {
            Some((_, away)) => Delivery::Failed { why: "no".into(), away },
            None if self.refusing => Delivery::Refused("never".into()),
            None => Delivery::Done,
        }
    }

    fn lost(&self, letter: &Letter) -> Event {
        Event::new(EventKind::LogoutUndelivered).with("client", letter.target.as_str())
    }
}

/// One node over the database of `house`.
fn node(house: &House) -> Outbox {
    let now = Arc::clone(&house.now);
    let clock = Clock::from_fn(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
    let (database, random) = (house.db.database.clone(), Random::system());
    let audit = Audit::new(database.clone(), clock.clone(), random.clone(), LIVES);
    Outbox::new(database, audit, clock, random)
}

async fn put(outbox: &Outbox, target: &'static str, many: usize) {
    let (inner, database) = (outbox.clone(), outbox.database.clone());
    let write = database.write(move |tx| {
        Box::pin(async move {
            let message = |number| Message {
                kind: Kind::BackChannelLogout,
                target: target.to_owned(),
                payload: format!("{number}"),
            };
            inner.put(tx, (0..many).map(message).collect()).await
        })
    });
    write.await.expect("written");
}

async fn rows(outbox: &Outbox) -> Vec<entity::outbox::Model> {
    Entity::find().all(outbox.database.read()).await.expect("rows")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_never_send_one_message_twice() {
    for house in House::all().await {
        let (one, other) = (node(&house), node(&house));
        put(&one, "chat", 40).await;
        put(&one, "wiki", 40).await;
        let notes = Notes::default();
        let outcome = tokio::join!(one.deliver_due(&notes), other.deliver_due(&notes), one.deliver_due(&notes));
        assert!(outcome.0.is_ok() && outcome.1.is_ok() && outcome.2.is_ok(), "{outcome:?}");
        // What one node had taken when the other looked is not due any more.
        one.deliver_due(&notes).await.expect("looked at");
        let mut delivered = notes.delivered();
        assert_eq!(delivered.len(), 80);
        delivered.sort();
        delivered.dedup();
        assert_eq!(delivered.len(), 80);
        assert!(rows(&one).await.is_empty());
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_after_longer_and_longer_pauses_and_given_up_after_a_day() {
    for house in House::all().await {
        let (outbox, notes) = (node(&house), Notes::default());
        notes.fails("chat", false);
        put(&outbox, "chat", 1).await;
        let began = house.now.load(Ordering::SeqCst);
        let mut pauses = Vec::new();
        while let [row] = rows(&outbox).await.as_slice() {
            assert!(pauses.len() < 60, "it is never given up");
            let now = house.now.load(Ordering::SeqCst);
            outbox.deliver_due(&notes).await.expect("looked at");
            if let [after] = rows(&outbox).await.as_slice() {
                assert_eq!((after.attempts, after.last_error.as_deref()), (row.attempts + 1, Some("no")));
                pauses.push(after.due_at.millis() - now);
                // Before that moment nobody tries.
                house.pass(Duration::from_millis(u64::try_from(after.due_at.millis() - now - 1).expect("later")));
                let tried = notes.delivered().len();
                outbox.deliver_due(&notes).await.expect("looked at");
                assert_eq!((tried, notes.delivered().len()), (1, 0));
                house.pass(Duration::from_millis(1));
            }
        }
        assert!((1_000..=3_000).contains(&pauses[0]) && pauses.iter().all(|pause| *pause <= 5_400_000), "{pauses:?}");
        assert!(pauses.len() > 20 && pauses[8] > pauses[0] * 10, "{pauses:?}");
        assert_eq!(house.now.load(Ordering::SeqCst) - began, 86_400_000);
        assert_eq!(house.audited("logout.undelivered").await, 1);
    }
}

#[tokio::test]
async fn who_is_away_holds_up_nobody_else_and_is_knocked_at_once() {
    for house in House::all().await {
        let (outbox, notes) = (node(&house), Notes::default());
        notes.fails("away", true);
        put(&outbox, "away", 100).await;
        put(&outbox, "chat", 20).await;
        outbox.deliver_due(&notes).await.expect("looked at");
        let knocks = notes.delivered();
        assert_eq!(knocks.iter().filter(|it| it.0 == "chat").count(), 20);
        assert!(knocks.len() <= 28, "{} messages to a client that is away", knocks.len() - 20);
        outbox.deliver_due(&notes).await.expect("looked at");
        assert_eq!(notes.delivered(), [], "all of them wait");
        house.pass(Duration::from_secs(4));
        notes.failing.lock().expect("not poisoned").clear();
        outbox.deliver_due(&notes).await.expect("looked at");
        assert_eq!(notes.delivered().len(), 100);
        assert!(rows(&outbox).await.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_told_once() {
    for house in House::all().await {
        let (one, other) = (node(&house), node(&house));
        put(&one, "chat", 1).await;
        let notes = Notes { refusing: true, ..Notes::default() };
        let outcome = tokio::join!(one.deliver_due(&notes), other.deliver_due(&notes));
        assert!(outcome.0.is_ok() && outcome.1.is_ok());
        assert_eq!((notes.delivered().len(), rows(&one).await.len()), (1, 0));
        assert_eq!(house.audited("logout.undelivered").await, 1);
    }
}

#[tokio::test]
async fn what_a_node_had_taken_when_it_died_is_taken_again() {
    for house in House::all().await {
        let (outbox, hanging) = (node(&house), Notes { hanging: true, ..Notes::default() });
        put(&outbox, "chat", 1).await;
        {
            let sending = outbox.deliver_due(&hanging);
            tokio::pin!(sending);
            while hanging.delivered().is_empty() {
                let progress = futures_util::poll!(&mut sending);
                assert!(progress.is_pending());
                tokio::task::yield_now().await;
            }
        }
        let (other, notes) = (node(&house), Notes::default());
        other.deliver_due(&notes).await.expect("looked at");
        assert_eq!(notes.delivered(), [], "the first one may still be at it");
        house.pass(TRY);
        other.deliver_due(&notes).await.expect("looked at");
        assert_eq!(notes.delivered(), [("chat".to_owned(), "0".to_owned())]);
    }
}

#[tokio::test]
async fn nothing_is_sent_of_what_was_undone() {
    for house in House::all().await {
        let outbox = node(&house);
        let inner = outbox.clone();
        let message = Message { kind: Kind::BackChannelLogout, target: "chat".into(), payload: String::new() };
        let write = outbox.database.write(move |tx| {
            Box::pin(async move {
                inner.put(tx, vec![message]).await?;
                Err::<(), _>(crate::error::ErrorKind::Conflict.into())
            })
        });
        assert!(write.await.is_err());
        assert!(rows(&outbox).await.is_empty());
    }
}

#[tokio::test]
async fn news_are_heard_by_whoever_waits_next() {
    let house = House::all().await.remove(0);
    let outbox = node(&house);
    outbox.look();
    outbox.news().await;
    assert!(futures_util::poll!(std::pin::pin!(outbox.news())).is_pending());
}

proptest! {
    #[test]
    fn pauses_double_within_bounds(attempts in any::<i32>(), chance in any::<[u8; 2]>()) {
        let random = Random::from_fn(move |buffer| buffer.copy_from_slice(&chance));
        let pause = deliver::pause(&random, attempts).as_secs_f64();
        let doublings = u32::try_from(attempts).unwrap_or(0).min(11);
        let middle = f64::from(2_u32 << doublings).min(3600.0);
        prop_assert!(pause >= middle * 0.49 && pause <= middle * 1.51, "{pause} after {attempts}");
    }
}
