//! Words and lists.

use super::fault::{Fault, Parsed};

/// `true` or `false`, in any case. Other words are refused: the chat reads each of them as false.
///
/// # Errors
/// Any other word.
pub fn boolean(text: &str) -> Parsed<bool> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Fault::new("is neither true nor false; a chat app reads this as false", "Write true or false"))
    }
}

/// One of `words`, by its place in the list.
///
/// # Errors
/// Any other word.
pub fn choice<T: Copy>(text: &str, words: &[(&str, T)]) -> Parsed<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Fault::new("is not a word that this setting knows", format!("Write one of: {}", known.join(", ")))
    })
}

/// A list by comma, blanks around its parts cut, empty parts left out.
///
/// # Errors
/// What `part` says of the first bad one; a list of nothing but commas.
pub fn list<T>(text: &str, part: impl Fn(&str) -> Parsed<T>) -> Parsed<Vec<T>> {
    let parts: Vec<T> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(part).collect::<Parsed<_>>()?;
    if parts.is_empty() {
        return Err(Fault::new("is a list of nothing", "Write something between the commas, or leave it out"));
    }
    Ok(parts)
}

/// A line of text for people: no control characters, at most `longest` characters.
///
/// # Errors
/// Control characters, or too long a line.
pub fn line(text: &str, longest: usize) -> Parsed<String> {
    if text.chars().any(char::is_control) || text.chars().count() > longest {
        return Err(Fault::new(
            "is too long or holds control characters",
            format!("Write one line of at most {longest} characters"),
        ));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_true_and_false_are_booleans() {
        assert_eq!((boolean("True"), boolean("FALSE")), (Ok(true), Ok(false)));
        for text in ["1", "0", "yes", "no", "on", "off", "t", "", "truе"] {
            assert!(boolean(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_are_cut_at_commas() {
        assert_eq!(list(" a, b,,c ,", |it| Ok(it.to_owned())), Ok(vec!["a".into(), "b".into(), "c".into()]));
        assert!(list(",", |it| Ok(it.to_owned())).is_err());
        assert_eq!(choice("b", &[("a", 1), ("b", 2)]), Ok(2));
        assert!(choice("c", &[("a", 1), ("b", 2)]).is_err_and(|it| it.right.ends_with("a, b")));
        assert!(line("a\nb", 10).is_err() && line("abc", 2).is_err() && line("é", 1).is_ok());
    }
}
