//! The letters that stand for a person or an app without a picture.

/// One or two capital letters for `name`: of its first and its last word.
#[must_use]
pub fn of(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|it| it.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// One capital letter for `name`.
#[must_use]
pub fn first(name: &str) -> String {
    name.chars().find(|it| it.is_alphanumeric()).map(|it| it.to_uppercase().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_word_count() {
        assert_eq!(of("Maren Olsen"), "MO");
        assert_eq!(of("  maren  van  olsen "), "MO");
        assert_eq!(of("élodie"), "É");
        assert_eq!(of("\"\" -"), "");
        assert_eq!(first("fernwood Chat"), "F");
    }
}
