//! Words that a guesser knows: the chat's name, the person's own name and address.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

/// The shortest word that counts, in characters.
const SHORTEST: usize = 3;
/// How many words of one name count.
const MOST: usize = 16;

/// A password while known words are struck out of it.
pub(super) struct Searched {
    letters: Zeroizing<Vec<char>>,
    /// The same with one sign for all that are written in place of each other.
    alike: Zeroizing<Vec<char>>,
    is_known: Vec<bool>,
}

impl Searched {
    pub(super) fn new(password: &str) -> Self {
        let letters = Zeroizing::new(letters(password).collect::<Vec<_>>());
        let alike = Zeroizing::new(letters.iter().copied().map(look_alike).collect::<Vec<_>>());
        Self { is_known: vec![false; letters.len()], letters, alike }
    }

    /// Strikes out the words of `known`, however they are written, also backwards; answers whether
    /// the password held one.
    pub(super) fn strike_out(&mut self, known: &str) -> bool {
        let mut holds = false;
        for word in words(known) {
            for (at, window) in self.alike.windows(word.len()).enumerate() {
                if *window == *word || window.iter().eq(word.iter().rev()) {
                    self.is_known[at..at + word.len()].fill(true);
                    holds = true;
                }
            }
        }
        holds
    }

    /// What is left, in lower case and without accents.
    pub(super) fn rest(&self) -> Zeroizing<String> {
        let rest = self.letters.iter().zip(&self.is_known).filter(|(_, is_known)| !**is_known);
        Zeroizing::new(rest.map(|(it, _)| *it).collect())
    }
}

/// The words of a name or address, and all of it as one word.
fn words(known: &str) -> impl Iterator<Item = Vec<char>> {
    // The last label of a domain says nothing about the person.
    let known = known.rsplit_once('.').filter(|_| known.contains('@')).map_or(known, |(rest, _)| rest);
    let whole: String = known.chars().filter(|it| it.is_alphanumeric()).collect();
    let words = known.split(|it: char| !it.is_alphanumeric()).map(str::to_owned).take(MOST).collect::<Vec<_>>();
    let words = words.into_iter().chain([whole]).map(|it| letters(&it).map(look_alike).collect::<Vec<_>>());
    words.filter(|it| it.len() >= SHORTEST)
}

/// The letters in lower case, without their accents.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase)
}

/// One sign for all that are written in place of each other.
const fn look_alike(it: char) -> char {
    match it {
        '4' | '@' => 'a',
        '8' => 'b',
        '3' => 'e',
        '1' | '!' | '|' | 'l' => 'i',
        '0' => 'o',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '9' => 'g',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(password: &str, known: &str) -> Option<String> {
        let mut searched = Searched::new(password);
        searched.strike_out(known).then(|| searched.rest().to_string())
    }

    #[test]
    fn known_words_are_struck_out_however_they_are_written() {
        assert_eq!(rest("Olsen, Maren!", "Maren Olsen").as_deref(), Some(", !"));
        assert_eq!(rest("M4R3N-0l$en2026", "Maren Olsen").as_deref(), Some("-2026"));
        assert_eq!(rest("neslonerammm", "Maren Olsen").as_deref(), Some("mm"));
        assert_eq!(rest("zoeohara99", "Zoë O'Hara").as_deref(), Some("99"));
        assert_eq!(rest("computer maren", "maren@example.com").as_deref(), Some("computer "));
        assert_eq!(rest("JoLi1234", "Jo Li").as_deref(), Some("1234"));
        assert_eq!(rest("gravel tulip", "Maren Olsen"), None);
        assert_eq!(rest("gravel tulip", ""), None);
    }
}
