//! Moments and spans as people read them.
//!
//! The server knows no time zone but its own, so what it writes is in UTC and says so; the script puts
//! the person's own time in its place.

use std::time::Duration;

use entity::Timestamp;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:long] [year]");
const SHORT_DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:long]");
const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY_LONG: u64 = 24 * HOUR;

/// A moment in the forms that templates use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// For machines: `2026-03-12T13:20:00Z`.
    pub iso: String,
    /// `12 March 2026`.
    pub day: String,
    /// `12 March 2026, 13:20 UTC`.
    pub moment: String,
    /// Ends a sentence: `at 13:20 UTC`, or `on 12 March at 13:20 UTC` when that is not today.
    pub at: String,
    /// How far it is from now: `25 minutes ago`, `in 4 minutes`.
    pub relative: String,
}

impl When {
    /// The moment `at`, read at the moment `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let (day, clock) = (format(at, DAY), format(at, CLOCK));
        let sentence = if format(now, DAY) == day {
            format!("at {clock} UTC")
        } else {
            format!("on {} at {clock} UTC", format(at, SHORT_DAY))
        };
        Self {
            iso: format(at, ISO),
            moment: format!("{day}, {clock} UTC"),
            at: sentence,
            relative: relative(at, now),
            day,
        }
    }
}

fn format(at: Timestamp, form: &[BorrowedFormatItem<'_>]) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.seconds()).ok();
    moment.and_then(|it| it.format(form).ok()).unwrap_or_else(|| "a time far away".to_owned())
}

fn relative(at: Timestamp, now: Timestamp) -> String {
    if at > now {
        return format!("in {}", in_words(at.since(now)));
    }
    let seconds = now.since(at).as_secs();
    match seconds {
        0..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} ago", count(seconds / MINUTE, "minute")),
        HOUR..DAY_LONG => format!("{} ago", count(seconds / HOUR, "hour")),
        _ => match seconds / DAY_LONG {
            1 => "yesterday".to_owned(),
            days @ 2..=59 => format!("{days} days ago"),
            days @ 60..=729 => format!("{} months ago", days / 30),
            days => format!("{} years ago", days / 365),
        },
    }
}

/// A span to wait for, rounded up: `1 hour and 42 minutes`, `4 minutes`, `30 seconds`.
#[must_use]
pub fn in_words(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    if seconds <= MINUTE {
        return count(seconds.max(1), "second");
    }
    let minutes = seconds.div_ceil(MINUTE);
    let parts = match (minutes / 60 / 24, minutes / 60 % 24, minutes % 60) {
        (0, hours, minutes) => [(hours, "hour"), (minutes, "minute")],
        (days, hours, _) => [(days, "day"), (hours, "hour")],
    };
    let words: Vec<String> = parts.iter().filter(|(many, _)| *many > 0).map(|(many, of)| count(*many, of)).collect();
    words.join(" and ")
}

fn count(many: u64, of: &str) -> String {
    let plural = if many == 1 { "" } else { "s" };
    format!("{many} {of}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_773_321_600 + seconds)
    }

    #[test]
    fn a_moment_reads_well_today_and_on_another_day() {
        let when = When::new(at(0), at(90));
        assert_eq!(when.iso, "2026-03-12T13:20:00Z");
        assert_eq!(when.moment, "12 March 2026, 13:20 UTC");
        assert_eq!((when.at.as_str(), when.relative.as_str()), ("at 13:20 UTC", "1 minute ago"));
        assert_eq!(When::new(at(86_400), at(0)).at, "on 13 March at 13:20 UTC");
    }

    #[test]
    fn the_past_is_told_in_the_largest_unit() {
        let ago = |seconds: i64| relative(at(0), at(seconds));
        let said = [0, 60, 7_200, 90_000, 5 * 86_400, 130 * 86_400, 800 * 86_400].map(ago);
        assert_eq!(
            said.map(|it| it.replace(" ago", "")),
            ["just now", "1 minute", "2 hours", "yesterday", "5 days", "4 months", "2 years"]
        );
    }

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        let said = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([0, 30, 61, 240].map(said), ["1 second", "30 seconds", "2 minutes", "4 minutes"]);
        assert_eq!([6_120, 7_200, 90_000].map(said), ["1 hour and 42 minutes", "2 hours", "1 day and 1 hour"]);
    }

    #[test]
    fn a_moment_outside_every_calendar_is_no_panic() {
        assert!(!When::new(Timestamp::from_millis(i64::MAX), Timestamp::from_millis(i64::MIN)).day.is_empty());
    }
}
