//! What people are called.

use crate::error::FieldProblem;
use crate::services::clients::unvouched::is_deceptive;

/// Names longer than this are none, in characters.
const LONGEST: usize = 80;

/// Whether a person may be called `name`.
#[must_use]
pub fn check_name(name: &str) -> Option<FieldProblem> {
    let name = name.trim();
    if name.is_empty() {
        return Some(FieldProblem::new("name", "Write the name that others see."));
    }
    if name.chars().nth(LONGEST).is_some() {
        return Some(FieldProblem::new("name", "A name has at most 80 characters."));
    }
    if name.chars().any(|it| char::is_control(it) || is_deceptive(it)) {
        return Some(FieldProblem::new("name", "A name holds no line breaks or control characters."));
    }
    None
}

/// The name in `text`, which somebody else wrote: without what shows nothing, its blanks single, and
/// no longer than a name may be. Empty where nothing is left.
#[must_use]
pub fn clean(text: &str) -> String {
    let plain = |it: char| if it.is_whitespace() { ' ' } else { it };
    let shown: String = text.chars().map(plain).filter(|it| !it.is_control() && !is_deceptive(*it)).collect();
    let words = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    words.chars().take(LONGEST).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{check_name, clean};

    #[test]
    fn a_name_shows_what_it_holds() {
        for fine in ["Maren Olsen", "\u{646}\u{645}\u{200c}\u{646}", "👩\u{200d}🚀 Ada", "Zoë"] {
            assert!(check_name(fine).is_none(), "{fine}");
        }
        for odd in ["\u{200b}", "admin\u{202e}", "Ma\u{ad}ren", "\u{3164}", "\u{2800}", "a\nb", "Ada\u{e0041}"] {
            assert!(check_name(odd).is_some(), "{odd:?}");
        }
    }

    #[test]
    fn what_others_write_is_made_a_name() {
        for (text, name) in [
            ("  Ada   Example ", "Ada Example"),
            ("Ada \u{202e}gpj.exe\u{202c}\u{7}", "Ada gpj.exe"),
            ("Ada\r\nExample", "Ada Example"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(clean(text), name, "{text:?}");
        }
        let long = clean(&"\u{1f469}".repeat(200));
        assert!(check_name(&long).is_none() && long.chars().count() == 80);
    }
}
