//! The list of settings as an `.env` file that changes nothing.

use std::fmt::Write;

use super::{Config, Missing, SECTIONS};
use crate::env::{Absent, Env, Known};
use crate::random::Random;

const HEAD: &str = "\
# Postern's settings, each with its default. Made by a test from the code that reads them.
#
# Postern takes them from the environment, and from a file like this one (./.env, or --env-file).
# A chat app's own .env does too: what its names mean there, they mean here.
# A secret NAME may also come from a file that NAME_FILE names.
";

/// The text of `deploy/env.example`: every setting of this release with its meaning and default.
#[must_use]
pub fn text() -> String {
    let mut env = Env::new([], None);
    // Only what was asked for matters, and nothing is made.
    let _ = Config::read(&mut env, Missing::Foretell(&Random::system()));
    let mut text = HEAD.to_owned();
    for section in SECTIONS {
        let _ = write!(text, "\n# --- {section} ---\n");
        for known in env.notes().settings.iter().filter(|known| known.section == section) {
            let _ = write!(text, "\n{}", entry(known));
        }
    }
    text
}

fn entry(known: &Known) -> String {
    let Known { setting, about, .. } = known;
    let secret = if known.secret { " Secret." } else { "" };
    match &known.default {
        Absent::Value(value) => format!("# {about}{secret}\n#{setting}={value}\n"),
        Absent::Words("") => format!("# {about}{secret}\n#{setting}=\n"),
        Absent::Words(words) => format!("# {about}{secret} Not set: {words}.\n#{setting}=\n"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `UPDATE=1` in the environment of the test writes the file anew.
    #[test]
    fn the_committed_file_is_what_the_code_reads() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/env.example");
        let wanted = text();
        if std::env::vars_os().any(|(name, _)| name == "UPDATE") {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, &wanted).expect("written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == wanted, "deploy/env.example is out of date: run this test with UPDATE=1");
    }

    #[test]
    fn the_file_changes_nothing_with_its_marks_taken_away() {
        let example =
            text().lines().map(|line| line.strip_prefix('#').unwrap_or(line)).fold(String::new(), |text, line| {
                if line.starts_with(char::is_uppercase) && line.contains('=') { text + line + "\n" } else { text }
            });
        let mut env = Env::new([], Some((Path::new("env.example"), &example)));
        let _ = Config::read(&mut env, Missing::Foretell(&Random::system()));
        assert_eq!(env.problems(), []);
    }
}
