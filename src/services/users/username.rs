//! User names: what the chat shows and mentions, unique, never an address.

use std::fmt;

use entity::UserId;
use unicode_normalization::UnicodeNormalization;

use super::email::Email;

const SHORTEST: usize = 2;
const LONGEST: usize = 80;
/// What a person is called whose name and address hold no letter from a to z.
const NAMELESS: &str = "user";

/// 2 to 80 of `a-z0-9._-`, at least one of them a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Reads what a person wrote; case and spaces around it do not count.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let folded = text.trim_matches(' ').to_lowercase();
        if folded.contains('@') {
            return Err("A user name is not an address: leave out the @ and what follows it.");
        }
        if !folded.chars().all(is_allowed) {
            return Err("Use only the letters a to z, digits, dots, hyphens and underscores.");
        }
        if !folded.contains(|it: char| it.is_ascii_alphanumeric()) {
            return Err("Use at least one letter or digit.");
        }
        if !(SHORTEST..=LONGEST).contains(&folded.len()) {
            return Err("Use 2 to 80 characters.");
        }
        // The command line takes ids and user names in the same place.
        if folded.parse::<UserId>().is_ok() {
            return Err("That looks like the id of an account. Choose another one.");
        }
        Ok(Self(folded))
    }

    /// One for a person who gave none: from the name, else from what stands before the `@`.
    #[must_use]
    pub fn suggest(name: &str, email: &Email) -> Self {
        [name, email.local_part()]
            .into_iter()
            .find_map(|source| Self::parse(&plain(source)).ok())
            .unwrap_or_else(|| Self(NAMELESS.to_owned()))
    }

    /// The same with a number behind, cut so that it stays within the length.
    #[must_use]
    pub fn with_suffix(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let kept = self.0.len().min(LONGEST - suffix.len());
        Self(format!("{}{suffix}", &self.0[..kept]))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const fn is_allowed(it: char) -> bool {
    matches!(it, 'a'..='z' | '0'..='9' | '.' | '_' | '-')
}

/// `source` in letters a to z and digits, its words joined by dots, at most as long as a name may
/// be.
fn plain(source: &str) -> String {
    let mut plain = String::new();
    let mut is_between_words = false;
    for it in source.nfkd().flat_map(char::to_lowercase) {
        match latin(it) {
            Some(letters) if plain.len() + 1 + letters.len() > LONGEST => break,
            Some(letters) => {
                if is_between_words && !plain.is_empty() {
                    plain.push('.');
                }
                is_between_words = false;
                plain.push_str(letters);
            }
            // What follows an accent or an apostrophe goes on with the same word.
            None => is_between_words |= it.is_whitespace() || matches!(it, '.' | '_' | '-' | '+' | '/'),
        }
    }
    plain
}

/// The letters a to z that stand for `it`, if it is Latin.
fn latin(it: char) -> Option<&'static str> {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    if let Some(at) = PLAIN.find(it) {
        return Some(&PLAIN[at..=at]);
    }
    // Letters that have no decomposition in Unicode.
    Some(match it {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn suggested(name: &str, email: &str) -> String {
        Username::suggest(name, &Email::parse(email).unwrap()).to_string()
    }

    #[test]
    fn it_is_case_folded_and_never_an_address() {
        assert_eq!(Username::parse(" Maren.Olsen_2-x ").unwrap().as_str(), "maren.olsen_2-x");
        assert!(Username::parse(&"a".repeat(80)).is_ok());
        for text in
            ["", "a", "..", "maren@example.com", "ma ren", "zoë", "a\0b", "ab\n", &"a1".repeat(12), &"a".repeat(81)]
        {
            assert!(Username::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn it_is_made_from_the_name_else_from_the_address() {
        assert_eq!(suggested("Maren Olsen", "m@example.com"), "maren.olsen");
        assert_eq!(suggested("  Zoë   O'Hara-Straße ", "m@example.com"), "zoe.ohara.strasse");
        assert_eq!(suggested("Łukasz Ørsted", "m@example.com"), "lukasz.orsted");
        assert_eq!(suggested("山田", "y.amada+chat@example.com"), "y.amada.chat");
        assert_eq!(suggested("", "山田@example.com"), "user");
        assert_eq!(suggested("!", "x@example.com"), "user");
    }

    proptest! {
        #[test]
        fn whatever_is_suggested_or_numbered_is_valid(name in ".{0,200}", local in "\\w{1,12}", number: u32) {
            if let Ok(email) = Email::parse(&format!("{local}@example.com")) {
                let made = Username::suggest(&name, &email);
                prop_assert_eq!(Username::parse(made.as_str()), Ok(made.clone()));
                let numbered = made.with_suffix(number);
                prop_assert_eq!(Username::parse(numbered.as_str()), Ok(numbered.clone()));
                let ending = format!("-{number}");
                prop_assert!(numbered.as_str().ends_with(&ending));
            }
        }

        #[test]
        fn what_reads_reads_again_as_itself(text in "[ a-zA-Z0-9._-]{0,90}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name));
            }
        }
    }
}
