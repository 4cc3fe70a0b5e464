//! Whether a new password is good enough: its length, the common ones, how hard it is to guess.

mod common;
mod known_words;
mod strength;

pub use strength::Strength;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// No setting goes below this many characters (OWASP ASVS 5.0, 6.2.1).
pub const SHORTEST: usize = 8;
/// The longest password, in characters (OWASP ASVS 5.0, 6.2.9 asks for 64 at least).
pub const LONGEST: usize = 128;
/// Into how many characters one can fall apart (the largest expansion of NFD, UAX 15).
const LARGEST_EXPANSION: usize = 4;

const ADVICE: &str = "Choose three or four words that have nothing to do with each other.";

/// What a new password must withstand.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// The fewest characters; below [`SHORTEST`] counts as that.
    pub min_length: usize,
    /// The chat's name: what is made of it is guessed first.
    pub app_title: String,
    /// The person's own name, address and user name: likewise.
    pub own: Vec<String>,
}

impl Demands {
    /// Checks the length, in characters after NFC.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn check_length(&self, password: &str) -> Result<(), String> {
        let shortest = self.min_length.max(SHORTEST);
        if is_too_long(password) {
            return Err(format!("Use at most {LONGEST} characters."));
        }
        if password.nfc().count() < shortest {
            return Err(format!("Use at least {shortest} characters."));
        }
        Ok(())
    }

    /// Judges a new password. A contrived one takes as long as a hash (20 ms), so this must not
    /// run where requests are answered: see [`Hasher::judge`](super::password::Hasher::judge).
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub fn judge(&self, password: &str) -> Result<Strength, String> {
        self.check_length(password)?;
        let normal: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
        if common::is_common(&normal) {
            return Err(refusal(Strength::NONE, "it is one of the most common passwords"));
        }
        let mut searched = known_words::Searched::new(&normal);
        let holds_title = searched.strike_out(&self.app_title);
        let mut holds_own = false;
        for own in &self.own {
            holds_own |= searched.strike_out(own);
        }
        // What a guesser knows is worth nothing: the rest must be hard to guess without it.
        let rest = if holds_title || holds_own { searched.rest() } else { normal };
        let (strength, pattern) = Strength::estimate(&rest);
        if strength >= Strength::LEAST {
            return Ok(strength);
        }
        Err(refusal(
            strength,
            match (holds_title, holds_own) {
                (true, _) => "it holds the name of this chat",
                (_, true) => "it holds your name or address",
                _ => pattern,
            },
        ))
    }
}

/// Whether a password is over the limit. Reads no further than it must.
#[must_use]
pub fn is_too_long(password: &str) -> bool {
    password.chars().nth(LONGEST * LARGEST_EXPANSION).is_some() || password.nfc().nth(LONGEST).is_some()
}

fn refusal(strength: Strength, reason: &str) -> String {
    format!("That password would be {strength}: {reason}. {ADVICE}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judge(password: &str) -> Result<Strength, String> {
        let own = ["Maren Olsen", "maren.olsen@fernwood.example"].map(str::to_owned).to_vec();
        Demands { min_length: 8, app_title: "Harvest Notes".into(), own }.judge(password)
    }

    #[test]
    fn sec_010_eight_to_128_characters_after_nfc_of_any_kind() {
        let random = "kX9$vQ2!mZ7#pL4@wB8%".repeat(7);
        assert!(judge(&random[..8]).is_ok() && judge(&random[..128]).is_ok());
        assert_eq!(judge(&random[..7]).unwrap_err(), "Use at least 8 characters.");
        assert_eq!(judge(&random[..129]).unwrap_err(), "Use at most 128 characters.");
        // A letter and its accent are one character.
        assert_eq!(judge(&"u\u{308}".repeat(7)).unwrap_err(), "Use at least 8 characters.");
        let composed = format!("{}{}", &random[..8], "u\u{308}".repeat(120));
        assert!(composed.chars().count() > 128 && judge(&composed).is_ok());
        assert!(judge(&format!("{composed}u\u{308}")).is_err());
        for kept in ["🦀 tulip 山 ferry", "gravel\0tulip\0ferry", "  tulip ferry nine  ", "\t\u{7f}q\u{1}Xv9\u{fffd}~"]
        {
            assert!(judge(kept).is_ok(), "{kept:?}");
        }
        let strict = Demands { min_length: 20, ..Demands::default() };
        assert_eq!(strict.judge(&random[..19]).unwrap_err(), "Use at least 20 characters.");
        assert!(strict.judge(&random[..20]).is_ok());
    }

    #[test]
    fn sec_011_what_is_common_or_guessable_is_refused_with_words() {
        for (password, reason) in [
            ("Password1", "guessed at once: it is one of the most common passwords"),
            ("HarvestNotes2026", "guessed at once: it holds the name of this chat"),
            ("h4rv3st n0t3s", "it holds the name of this chat"),
            ("setontsevrah!!", "it holds the name of this chat"),
            ("maren.olsen@fernwood.example", "it holds your name or address"),
            ("Fernwood1987", "it holds your name or address"),
            ("0lsen-M4ren-01", "it holds your name or address"),
            ("asdfghjkl;'", "it follows the keys of a keyboard"),
            ("abababababab", "it repeats itself"),
            ("12345678987654321", "it is "),
            ("31.12.1999", "it is made of a date"),
            ("january2026", "it is made of words or names that are tried early"),
        ] {
            let sentence = judge(password).unwrap_err();
            assert!(sentence.contains(reason), "{password}: {sentence}");
            assert!(sentence.starts_with("That password would be guessed ") && sentence.ends_with(ADVICE));
        }
        for good in ["gravel tulip ferry nine", "Harvest Notes gravel tulip ferry", "kX9$vQ2!", "мояпарольная фраза"]
        {
            assert!(judge(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn sec_012_a_huge_password_is_refused_after_a_glance() {
        // Letters that NFC has to sort: reading all of them takes seconds.
        let huge = "a\u{301}\u{327}".repeat(8_000_000);
        let start = std::time::Instant::now();
        assert_eq!(judge(&huge).unwrap_err(), "Use at most 128 characters.");
        assert!(start.elapsed().as_millis() < 200);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn judging_never_panics(text in "(.|[4@8(369!$%7+0-9a-z]|[Pp]assword|\\PC){0,70}", own in ".{0,40}") {
            let demands = Demands { min_length: 8, app_title: own.clone(), own: vec![own] };
            let _ = demands.judge(&text);
        }
    }
}
