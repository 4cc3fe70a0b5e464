//! Waiting for something that another process or task brings about.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks until the answer is yes, and fails after `longest`; answers how long it took.
#[track_caller]
pub(crate) fn until(longest: Duration, what: &str, ask: impl AsyncFn() -> bool) -> impl Future<Output = Duration> {
    let place = std::panic::Location::caller();
    async move {
        let began = Instant::now();
        while !ask().await {
            assert!(began.elapsed() < longest, "{place}: after {longest:?}, still not: {what}");
            sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }
}
