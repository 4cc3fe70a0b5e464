//! Codes that people read off one device and type on another (RFC 8628 section 6.1).

use std::fmt;

use crate::random::Random;

/// No vowels, so that no code is a word; no digits, of which some look like letters.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// Longer texts are no code with blanks in it.
const LONGEST: usize = 64;
/// The largest multiple of the alphabet that a byte reaches: what lies above would favour its first letters.
const FAIR: u8 = 240;

/// What a person types to say which device they mean: eight of twenty letters, 34 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A new one.
    pub(super) fn generate(random: &Random) -> Self {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let fair = random.bytes::<16>().into_iter().filter(|byte| *byte < FAIR);
            let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            code.extend(letters.take(LENGTH - code.len()));
        }
        Self(code)
    }

    /// Reads what somebody typed: in any case, with or without dashes and blanks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let code: String = text.chars().filter(|it| it.is_alphanumeric()).map(|it| it.to_ascii_uppercase()).collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte));
        is_code.then_some(Self(code))
    }

    /// Its letters, in the one form that is hashed.
    pub(super) fn letters(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    /// As people see it: in two halves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        for typed in ["wdjbmjht", " WDJB MJHT ", "wdjb-mjht", "WDJB\u{2013}MJHT", "W D J B M J H T"] {
            assert_eq!(UserCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        assert_eq!(code.to_string(), "WDJB-MJHT");
        let long = "W".repeat(LONGEST + 1);
        for other in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH0", "WDJB-MJHÄ", long.as_str()] {
            assert_eq!(UserCode::parse(other), None, "{other}");
        }
    }

    #[test]
    fn sec_064_a_code_has_more_than_twenty_bits_and_favours_no_letter() {
        let random = Random::system();
        let mut seen = [0_u32; 256];
        for _ in 0..2000 {
            let code = UserCode::generate(&random);
            assert_eq!(UserCode::parse(&code.to_string()), Some(code.clone()));
            code.letters().bytes().for_each(|letter| seen[usize::from(letter)] += 1);
        }
        let counts: Vec<u32> = LETTERS.iter().map(|letter| seen[usize::from(*letter)]).collect();
        // 800 of each are expected; six standard deviations are 165.
        assert!(counts.iter().all(|count| (635..=965).contains(count)), "{counts:?}");
        assert!(20_f64.powi(8).log2() > 34.0);
    }
}
