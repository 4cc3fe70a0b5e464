//! The only source of the time of day.
//!
//! Services hold a [`Clock`] and ask it; pure functions take `now` as a value. Tests put in one
//! that they can move.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use entity::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Tells the time of day.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn system() -> Self {
        Self::from_fn(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        })
    }

    /// A clock that answers what `now` answers.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present moment, in milliseconds of Unix time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// The moment in RFC 3339, in UTC, to the second: `2026-03-01T14:20:00Z`.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    date_time(at).format(&Rfc3339).unwrap_or_default()
}

/// The moment as a date and time, in UTC; the epoch when it is beyond what a calendar holds.
#[must_use]
pub fn date_time(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
