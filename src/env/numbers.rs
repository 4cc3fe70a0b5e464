//! Numbers, lengths of time and sizes, as Postern's own settings write them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::fault::{Fault, Parsed};

/// A length of time with its unit: `10s`, `15m`, `24h`, `7d`, within `range` (in seconds).
///
/// # Errors
/// No unit, another unit, a sign, a fraction, or a length outside of `range`.
pub fn duration(text: &str, range: RangeInclusive<u64>) -> Parsed<Duration> {
    let example = || format!("Write a length of time from {} to {}", shortest(*range.start()), shortest(*range.end()));
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "" => return Err(Fault::new("has no unit", format!("{}, with s, m, h or d behind the number", example()))),
        _ => return Err(Fault::new("is not a length of time", format!("{}, such as 10s, 15m, 24h or 7d", example()))),
    };
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    match total {
        Some(total) if range.contains(&total) => Ok(Duration::from_secs(total)),
        _ => Err(Fault::new("is out of range", example())),
    }
}

/// `seconds` in the largest unit that divides it.
fn shortest(seconds: u64) -> String {
    [(86_400, 'd'), (3600, 'h'), (60, 'm')]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}

/// A whole number within `range`.
///
/// # Errors
/// Anything but digits, or a number outside of `range`.
pub fn integer(text: &str, range: RangeInclusive<u64>) -> Parsed<u64> {
    let right = || format!("Write a whole number from {} to {}", range.start(), range.end());
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::new("is not a whole number", right()));
    }
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(Fault::new("is out of range", right())),
    }
}

/// A length of time in minutes, as the chat's windows are: `5`, `0.5`; over zero, at most a year.
///
/// # Errors
/// Anything but decimal digits with one point at most, zero, or over a year.
pub fn minutes(text: &str) -> Parsed<Duration> {
    let fault = |wrong| Fault::new(wrong, "Write minutes, such as 5, over 0 and at most 525600");
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = text.parse::<f64>().ok().filter(|_| is_decimal).ok_or_else(|| fault("is not a number of minutes"))?;
    let window = Duration::try_from_secs_f64(number * 60.0).map_err(|_| fault("is out of range"))?;
    // Windows are kept in milliseconds: what rounds to none of them would never be in force.
    if window < Duration::from_millis(1) || number > 525_600.0 {
        return Err(fault("is out of range"));
    }
    Ok(window)
}

/// A size in bytes with its unit: `512B`, `64KiB`, `1MiB`, within `range` (in bytes).
///
/// # Errors
/// No unit, another unit, or a size outside of `range`.
pub fn size(text: &str, range: RangeInclusive<u64>) -> Parsed<usize> {
    let right =
        || format!("Write a size from {}KiB to {}KiB, such as 64KiB or 1MiB", range.start() >> 10, range.end() >> 10);
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "" => return Err(Fault::new("has no unit", right())),
        _ => return Err(Fault::new("is not a size", right())),
    };
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    total
        .filter(|total| range.contains(total))
        .and_then(|total| usize::try_from(total).ok())
        .ok_or_else(|| Fault::new("is out of range", right()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lengths_of_time() {
        for (text, seconds) in [("10s", 10), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(duration(text, 0..=604_800), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(minutes("5"), Ok(Duration::from_secs(300)));
        assert_eq!(minutes("0.5"), Ok(Duration::from_secs(30)));
        assert_eq!(size("64KiB", 1024..=1 << 20), Ok(65_536));
    }

    #[test]
    fn sec_006_refuses_negative_zero_and_overflowing_lengths() {
        for text in ["", "10", "s", "-5s", "+5s", "1.5m", "5 m", "5M", "5ms", "0s", "99999999999999999999d", "8d", "٣s"]
        {
            assert!(duration(text, 1..=604_800).is_err(), "{text}");
        }
        for text in ["", "0", "-1", "+1", "0.0", ".", "1e3", "inf", "NaN", "525601", "0.0000001"] {
            assert!(minutes(text).is_err(), "{text}");
        }
        for text in ["", "0", "-1", "11", "99999999999999999999", "1 ", "0x1"] {
            assert!(integer(text, 1..=10).is_err(), "{text}");
        }
        for text in ["64", "64KB", "64kib", "0KiB", "KiB", "99999999999999999999MiB", "18014398509481984KiB"] {
            assert!(size(text, 1024..=1 << 20).is_err(), "{text}");
        }
    }

    #[test]
    fn says_the_range_in_the_largest_unit() {
        let said = duration("9", 0..=90).map_err(|it| it.right);
        assert_eq!(said, Err("Write a length of time from 0s to 90s, with s, m, h or d behind the number".into()));
        assert_eq!(shortest(172_800), "2d");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,30}", most in any::<u64>()) {
            let _ = (duration(&text, 0..=most), integer(&text, 0..=most), size(&text, 0..=most), minutes(&text));
        }

        #[test]
        fn a_length_of_time_counts_its_units(number in 0u64..1_000_000, unit in 0usize..4) {
            let (name, seconds) = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)][unit];
            prop_assert_eq!(duration(&format!("{number}{name}"), 0..=u64::MAX), Ok(Duration::from_secs(number * seconds)));
        }
    }
}
