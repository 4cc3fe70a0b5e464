//! Lists of words, each word a variant: written, read back, and named when another was meant.

macro_rules! vocabulary {
    ($($(#[$about:meta])* $list:ident { $($(#[$meaning:meta])* $word:ident = $text:literal;)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $list { $($(#[$meaning])* #[serde(rename = $text)] $word,)* }

        impl $list {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// The word as it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }
        }

        impl std::str::FromStr for $list {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|word| word.name() == text);
                found.ok_or_else(|| $crate::services::vocabulary::none_of(text, &[$($text,)*]))
            }
        }

        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}
pub(crate) use vocabulary;

/// Says that `text` is none of `words`, and which of them it may have meant.
pub(crate) fn none_of(text: &str, words: &[&str]) -> String {
    let hint = nearest(text, words).map(|word| format!(" Perhaps `{word}` is meant.")).unwrap_or_default();
    format!("{text:?} is none of: {}.{hint}", words.join(", "))
}

/// The word that `text` most likely is a slip of, if any.
pub(crate) fn nearest<'w>(text: &str, words: &[&'w str]) -> Option<&'w str> {
    // Longer texts are no slips, and comparing them would cost their product.
    let text = (text.len() <= 64).then(|| text.to_lowercase())?;
    let close = words.iter().map(|word| (strsim::jaro_winkler(&text, word), *word));
    close.filter(|(likeness, _)| *likeness > 0.85).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slip_is_near_to_a_word() {
        assert_eq!(nearest("Trustet", &["trusted", "scope"]), Some("trusted"));
        assert_eq!(nearest("banana", &["trusted", "scope"]), None);
        assert_eq!(nearest(&"trusted".repeat(100), &["trusted"]), None);
    }
}
