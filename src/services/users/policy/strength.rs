//! How hard a password is to guess, and how that reads.

use std::fmt;

use zeroize::Zeroizing;
use zxcvbn::matching::patterns::MatchPattern;

/// What the estimator sees, in characters. Its work grows with the cube of the length, while what
/// is hard to guess after 64 characters is so after 128.
const SEEN: usize = 64;
/// How many guesses a second we reckon with: somebody who stole the hashes and has one good
/// machine to try them on.
const GUESSES_A_SECOND: u64 = 1_000;
const DAY: u64 = 24 * 60 * 60;

/// How long a password would hold: `guessed within an hour`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strength {
    guesses: u64,
}

impl Strength {
    /// That of a password which everybody tries first.
    pub(super) const NONE: Self = Self { guesses: 0 };
    /// What a new password must have: it takes longer than a day. Eight random characters, for
    /// which the estimator reckons with 10^8 guesses, are just above it.
    pub(super) const LEAST: Self = Self { guesses: DAY * GUESSES_A_SECOND };

    /// Estimates how many guesses `password` takes, and what makes it easy.
    pub(super) fn estimate(password: &str) -> (Self, &'static str) {
        // Read as letters, these rare signs would multiply the estimator's work by nine.
        let plain = |it| if "([{<|".contains(it) { '~' } else { it };
        let seen: Zeroizing<String> = Zeroizing::new(password.chars().take(SEEN).map(plain).collect());
        let entropy = zxcvbn::zxcvbn(&seen, &[]);
        let longest = entropy.sequence().iter().max_by_key(|it| it.token.len());
        let reason = match longest.map(|it| &it.pattern) {
            Some(MatchPattern::Dictionary(_)) => "it is made of words or names that are tried early",
            Some(MatchPattern::Spatial(_)) => "it follows the keys of a keyboard",
            Some(MatchPattern::Repeat(_)) => "it repeats itself",
            Some(MatchPattern::Sequence(_)) => "it is a sequence such as abcd or 9876",
            Some(MatchPattern::Regex(_) | MatchPattern::Date(_)) => "it is made of a date",
            Some(MatchPattern::BruteForce) | None => "it is too short for what it is made of",
        };
        (Self { guesses: entropy.guesses() }, reason)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.guesses / GUESSES_A_SECOND {
            0 => "guessed at once",
            1..60 => "guessed within a minute",
            60..3_600 => "guessed within an hour",
            3_600..DAY => "guessed within a day",
            DAY..2_592_000 => "guessed within a month",
            2_592_000..31_536_000 => "guessed within a year",
            // 80 years.
            31_536_000..2_522_880_000 => "guessed within a lifetime",
            _ => "not guessed within a lifetime",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(password: &str) -> (String, &'static str) {
        let (strength, reason) = Strength::estimate(password);
        (strength.to_string(), reason)
    }

    #[test]
    fn strength_reads_as_words() {
        assert_eq!(estimate("gravel tulip ferry nine").0, "not guessed within a lifetime");
        assert_eq!(estimate("kX9$vQ2!").0, "guessed within a month");
        assert_eq!(estimate("January2026!").0, "guessed within a day");
        assert_eq!(estimate("aaaaaaaaaaaa"), ("guessed at once".into(), "it repeats itself"));
        assert_eq!(estimate("asdfghjkl;'").1, "it follows the keys of a keyboard");
        assert_eq!(estimate("abcdefghijklm"), ("guessed at once".into(), "it is a sequence such as abcd or 9876"));
        assert_eq!(estimate("").0, "guessed at once");
    }
}
