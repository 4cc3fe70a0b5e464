//! An answer of another server that is kept for a while. One call at a time, and nobody waits for one that
//! can do with what is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::Timestamp;

use super::failure;
use crate::clock::Clock;
use crate::error::Result;

/// How long nobody asks again after a call that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is asked for anew because it was not enough for somebody.
const MORE: Duration = Duration::from_secs(30);

/// The answer.
#[derive(Debug)]
pub(super) struct KeptAnswer<T> {
    state: Mutex<State<T>>,
    /// Held by whoever asks.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<T> {
    found: Option<(Timestamp, Arc<T>)>,
    /// When it was last asked for because it was not enough.
    asked_for_more: Option<Timestamp>,
    failed: Option<Timestamp>,
}

/// What is to be done for somebody who needs it.
enum Next<T> {
    /// This is good.
    Take(Arc<T>),
    /// It has to be asked for; until it is here, whoever does not ask may do with this.
    Refresh(Arc<T>),
    /// It has to be asked for.
    Ask,
    /// A call has failed a moment ago.
    Pause,
}

impl<T> Default for KeptAnswer<T> {
    fn default() -> Self {
        let state = State { found: None, asked_for_more: None, failed: None };
        Self { state: Mutex::new(state), asking: tokio::sync::Mutex::default() }
    }
}

impl<T: Send + Sync> KeptAnswer<T> {
    /// What is kept, no older than `lasts` unless it cannot be had anew; else what `ask` answers. Where what is
    /// kept is not enough, it is asked for once more, though not too often.
    ///
    /// # Errors
    /// When there is none yet and none can be had.
    pub(super) async fn get(
        &self,
        clock: &Clock,
        lasts: Duration,
        is_enough: impl Fn(&T) -> bool + Send + Sync,
        ask: impl Future<Output = Result<T>> + Send,
    ) -> Result<Arc<T>> {
        let next = || self.state().next(clock.now(), lasts, &is_enough);
        let _asking = match next() {
            Next::Take(found) => return Ok(found),
            Next::Pause => return Err(failure::unavailable("it did not answer a moment ago")),
            Next::Refresh(old) => match self.asking.try_lock() {
                Ok(asking) => asking,
                Err(_) => return Ok(old),
            },
            Next::Ask => self.asking.lock().await,
        };
        // Whoever asked before may have had the answer for both.
        match next() {
            Next::Take(found) => return Ok(found),
            Next::Pause => return Err(failure::unavailable("it did not answer a moment ago")),
            Next::Refresh(_) | Next::Ask => {}
        }
        let now = clock.now();
        self.state().note_question(now, lasts);
        let answer = ask.await;
        self.state().note_answer(now, answer)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn next(&self, now: Timestamp, lasts: Duration, is_enough: &impl Fn(&T) -> bool) -> Next<T> {
        let pauses = self.failed.is_some_and(|at| now.since(at) < PAUSE);
        let Some((since, found)) = &self.found else { return if pauses { Next::Pause } else { Next::Ask } };
        let found = Arc::clone(found);
        let is_young = now.since(*since) < lasts;
        let may_ask = self.asked_for_more.is_none_or(|at| now.since(at) >= MORE);
        match (is_enough(&found), is_young) {
            _ if pauses => Next::Take(found),
            (true, true) => Next::Take(found),
            (true, false) => Next::Refresh(found),
            (false, true) if !may_ask => Next::Take(found),
            (false, _) => Next::Ask,
        }
    }

    fn note_question(&mut self, now: Timestamp, lasts: Duration) {
        if self.found.as_ref().is_some_and(|(since, _)| now.since(*since) < lasts) {
            self.asked_for_more = Some(now);
        }
    }

    fn note_answer(&mut self, now: Timestamp, answer: Result<T>) -> Result<Arc<T>> {
        match (answer, &self.found) {
            (Ok(answer), _) => {
                let answer = Arc::new(answer);
                (self.found, self.failed) = (Some((now, Arc::clone(&answer))), None);
                Ok(answer)
            }
            (Err(error), old) => {
                let old = old.as_ref().map(|(_, old)| Arc::clone(old));
                self.failed = Some(now);
                old.ok_or(error)
            }
        }
    }
}
