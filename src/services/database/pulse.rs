//! Whether the database answers: one question at a time, for all who ask.
//!
//! Strangers may ask as often as they like: without this each of them would hold a connection and a
//! place in the writer's queue.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::error::{Error, Result};

/// How long an answer may take. Whoever asks has little patience: a probe waits a second or two.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks, and remembers when the last question that was answered was asked.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    felt: Arc<Mutex<Option<Instant>>>,
    patience: Duration,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { felt: Arc::default(), patience: PATIENCE }
    }
}

impl Pulse {
    /// Asks `question`, unless one that was begun meanwhile for somebody else has been answered.
    ///
    /// # Errors
    /// Those of `question`; [`Unavailable`](crate::error::ErrorKind::Unavailable) when no answer comes
    /// in time.
    pub(super) async fn feel(&self, question: impl Future<Output = Result<()>>) -> Result<()> {
        let arrived = Instant::now();
        let asked = async {
            let mut felt = self.felt.lock().await;
            if felt.is_none_or(|begun| begun < arrived) {
                let begun = Instant::now();
                question.await?;
                *felt = Some(begun);
            }
            Ok(())
        };
        let late = |_| Err(Error::busy(PATIENCE).because("the database does not answer in time"));
        timeout(self.patience, asked).await.unwrap_or_else(late)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn many_who_ask_at_once_cost_two_questions_and_who_asks_later_one_more() {
        let (pulse, asked) = (Pulse::default(), AtomicUsize::new(0));
        let question = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(())
        };
        let crowd = (0..100).map(|_| pulse.feel(question()));
        assert!(futures_util::future::join_all(crowd).await.iter().all(Result::is_ok));
        // Who came while the first was under way is told by one that began after they came.
        assert!(asked.load(Ordering::Relaxed) <= 2, "{asked:?}");
        let before = asked.load(Ordering::Relaxed);
        pulse.feel(question()).await.expect("an answer");
        assert_eq!(asked.load(Ordering::Relaxed), before + 1);
    }

    #[tokio::test]
    async fn no_answer_is_a_not_now_and_says_nothing_of_the_next() {
        let pulse = Pulse { patience: Duration::from_millis(10), ..Pulse::default() };
        let refusal = pulse.feel(std::future::pending()).await.expect_err("nothing came");
        assert_eq!(refusal.kind, ErrorKind::Unavailable);
        assert!(pulse.feel(async { Err(ErrorKind::Internal.into()) }).await.is_err());
        pulse.feel(async { Ok(()) }).await.expect("an answer");
    }
}
