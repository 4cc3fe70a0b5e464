//! The passwords that everybody tries first.
//!
//! `common_passwords.txt` holds 16,000 passwords of eight characters or more: the ASCII ones of
//! the list in Django 5.2 (BSD-3-Clause; collected by Royce Williams from leaks) and of the one
//! in zxcvbn 3.1 (MIT), in lower case, sorted by byte.

use std::cmp::Ordering;

use zeroize::Zeroizing;

const LIST: &str = include_str!("../common_passwords.txt");

/// Whether `password` is on the list, whatever its case.
pub(super) fn is_common(password: &str) -> bool {
    let folded = Zeroizing::new(password.to_lowercase());
    let (mut low, mut high) = (0, LIST.len());
    // Binary search over the text itself, which costs no memory of its own.
    while low < high {
        let middle = low.midpoint(high);
        let begin = LIST.as_bytes()[..middle].iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
        let line = LIST[begin..].split('\n').next().unwrap_or_default();
        match folded.as_str().cmp(line) {
            Ordering::Equal => return true,
            Ordering::Less => high = begin,
            Ordering::Greater => low = begin + line.len() + 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_011_every_line_of_the_list_is_found_in_any_case() {
        let lines: Vec<_> = LIST.lines().collect();
        assert!(lines.len() > 10_000 && lines.is_sorted());
        for line in lines {
            assert!(line.len() >= 8 && line.bytes().all(|it| it.is_ascii_graphic() && !it.is_ascii_uppercase()));
            assert!(is_common(line) && is_common(&line.to_uppercase()), "{line}");
            assert!(!is_common(&format!("{line}\u{1}")) && !is_common(&line[..7]), "{line}");
        }
        assert!(!is_common("") && !is_common("gravel tulip ferry nine") && !is_common("\u{10ffff}"));
    }
}
