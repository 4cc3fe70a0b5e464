//! Whether two clocks agree.

use entity::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::report::Check;

/// Whether the clock of `whose`, which wrote `date` between the moments `asked` and `answered` of ours, is no
/// more than `most` milliseconds off.
pub(super) fn clock(whose: &str, date: &str, asked: Timestamp, answered: Timestamp, most: i64) -> Check {
    const NAME: &str = "clock";
    let Ok(date) = OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822) else {
        return Check::skipped(NAME, "the answer bears no date.");
    };
    // The date is cut to the second.
    let theirs = date.unix_timestamp() * 1000;
    let early = asked.millis() - 1000 - theirs;
    let late = theirs - answered.millis();
    let apart = early.max(late).max(0);
    if apart <= most {
        return Check::ok(NAME, format!("{whose}'s clock and this one agree."));
    }
    let side = if late > 0 { "ahead of" } else { "behind" };
    let seen = format!("{whose}'s clock is {} s {side} this one.", apart / 1000);
    Check::fails(NAME, seen, "Let both be set by NTP: tokens of the future, and those of the past, are refused.")
}
