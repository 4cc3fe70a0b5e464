//! Durations in milliseconds, written as the chat writes them: `1000 * 60 * 15`.
//!
//! The chat hands such text to JavaScript, so numbers are doubles here too and `%` binds as `*` does.
//! What it would quietly replace by a default is refused here.

use super::fault::{Fault, Parsed};

/// The largest number that a double counts up to one by one (ECMAScript, `Number.MAX_SAFE_INTEGER` + 1).
const LIMIT: f64 = 9_007_199_254_740_992.0;
const LONGEST: usize = 1000;
const DEEPEST: usize = 64;

/// The value of `text`: a whole number, zero or more, below 2^53.
///
/// # Errors
/// Anything but digits, `+ - * / % ( ) .` and blanks; division by zero; a negative, fractional or
/// too large result; an expression that is endlessly long or deep.
pub fn evaluate(text: &str) -> Parsed<u64> {
    if text.len() > LONGEST {
        return Err(fault("is too long an expression"));
    }
    if ["++", "--", "**", "//"].iter().any(|doubled| text.contains(doubled)) {
        return Err(malformed());
    }
    let mut reader = Reader { rest: text.trim_start(), depth: 0 };
    let value = reader.sum()?;
    if !reader.rest.is_empty() {
        return Err(malformed());
    }
    whole(value)
}

fn fault(wrong: &'static str) -> Fault {
    Fault::new(wrong, "Write a whole number of milliseconds, or arithmetic such as 1000 * 60 * 15")
}

fn malformed() -> Fault {
    fault("is not arithmetic")
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole, not negative, below 2^53")]
fn whole(value: f64) -> Parsed<u64> {
    if value < 0.0 {
        Err(fault("is negative"))
    } else if value.fract() == 0.0 {
        Ok(value as u64)
    } else {
        Err(fault("is not a whole number"))
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn sum(&mut self) -> Parsed<f64> {
        let mut value = self.product()?;
        loop {
            value = match () {
                () if self.took('+') => bounded(value + self.product()?)?,
                () if self.took('-') => bounded(value - self.product()?)?,
                () => return Ok(value),
            };
        }
    }

    fn product(&mut self) -> Parsed<f64> {
        let mut value = self.signed()?;
        loop {
            value = match () {
                () if self.took('*') => bounded(value * self.signed()?)?,
                () if self.took('/') => bounded(value / self.divisor()?)?,
                () if self.took('%') => bounded(value % self.divisor()?)?,
                () => return Ok(value),
            };
        }
    }

    fn divisor(&mut self) -> Parsed<f64> {
        let value = self.signed()?;
        if value == 0.0 { Err(fault("divides by zero")) } else { Ok(value) }
    }

    fn signed(&mut self) -> Parsed<f64> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(fault("is too deep an expression"));
        }
        let value = if self.took('-') {
            -self.signed()?
        } else if self.took('+') {
            self.signed()?
        } else if self.took('(') {
            let inner = self.sum()?;
            if !self.took(')') {
                return Err(malformed());
            }
            inner
        } else {
            self.number()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn number(&mut self) -> Parsed<f64> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // JavaScript reads a leading zero as octal, or not at all.
        let is_octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        let value = digits.parse().ok().filter(|_| !is_octal).ok_or_else(malformed)?;
        self.rest = rest.trim_start();
        bounded(value)
    }

    fn took(&mut self, sign: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

fn bounded(value: f64) -> Parsed<f64> {
    if value.abs() < LIMIT { Ok(value) } else { Err(fault("is over 2^53")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_chat_writes() {
        for (text, value) in [
            ("900000", 900_000),
            ("1000 * 60 * 15", 900_000),
            ("(1000 * 60 * 60 * 24) * 7", 604_800_000),
            (" 7 - 2 - 1 ", 4),
            ("100 / 10 / 2 % 3", 2),
            ("1.5*1000 + .5 * 2", 1501),
            ("-(2 - 5)", 3),
            ("2 - -3", 5),
            ("0", 0),
        ] {
            assert_eq!(evaluate(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn sec_006_refuses_what_is_no_length_of_time() {
        for (text, wrong) in [
            ("", "is not arithmetic"),
            ("15m", "is not arithmetic"),
            ("1 2", "is not arithmetic"),
            ("(1", "is not arithmetic"),
            ("1)", "is not arithmetic"),
            ("2 ** 3", "is not arithmetic"),
            ("1//1", "is not arithmetic"),
            ("010", "is not arithmetic"),
            ("1.2.3", "is not arithmetic"),
            ("1e3", "is not arithmetic"),
            ("Infinity", "is not arithmetic"),
            ("1/0", "divides by zero"),
            ("1 % (2 - 2)", "divides by zero"),
            ("2 - 5", "is negative"),
            ("1/3", "is not a whole number"),
            ("9007199254740992", "is over 2^53"),
            ("1000000000 * 1000000000 / 1000000000", "is over 2^53"),
        ] {
            assert_eq!(evaluate(text).map_err(|it| it.wrong), Err(wrong.into()), "{text}");
        }
        assert!(evaluate(&"(".repeat(500)).is_err());
        assert!(evaluate(&"1+".repeat(600)).is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_below_the_limit(text in "[-0-9+*/%(). ]{0,60}") {
            if let Ok(value) = evaluate(&text) {
                prop_assert!(value < 1 << 53);
            }
        }

        #[test]
        fn agrees_with_whole_numbers(a in 0u64..100_000, b in 1u64..100_000, c in 0u64..100_000) {
            prop_assert_eq!(evaluate(&format!("({a} + {b}) * {c}")), Ok((a + b) * c));
            prop_assert_eq!(evaluate(&format!("{a} % {b} + {c}")), Ok(a % b + c));
        }
    }
}
