//! The only reader of settings.
//!
//! An [`Env`] holds what the process environment and an `.env` file say. Whoever needs a setting asks
//! it by name, default and meaning; it notes every problem instead of stopping at the first, remembers
//! where each value came from, and never repeats a value in a message.

pub mod address;
pub mod arithmetic;
mod dotenv;
mod fault;
pub mod files;
mod known;
mod misspelt;
pub mod numbers;
pub mod private_file;
mod secret;
mod source;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

pub use dotenv::{Assignment, parse as parse_dotenv};
pub use fault::{Fault, Note, Origin, Parsed, Problem};
pub use known::{Absent, Known, Notes};
pub(crate) use secret::{is_open_to_all, open_to_all};

struct Given {
    value: SecretString,
    origin: Origin,
    cut: bool,
}

/// The settings that were given, and what was found out while they were read.
#[derive(Default)]
pub struct Env {
    given: BTreeMap<String, Given>,
    unreadable: BTreeSet<String>,
    /// The `.env` file, where every user of this machine may read it and nobody was told yet.
    open_file: Option<PathBuf>,
    section: &'static str,
    problems: Vec<Problem>,
    notes: Notes,
}

impl Env {
    /// Puts the settings that follow under a heading.
    pub fn section(&mut self, heading: &'static str) {
        self.section = heading;
    }

    /// A setting with a default, which is read as a given value is. None when it has a problem.
    pub fn or<T>(
        &mut self,
        name: &'static str,
        default: &str,
        about: &'static str,
        read: impl Fn(&str) -> Parsed<T>,
    ) -> Option<T> {
        self.know(name, Absent::Value(default.into()), about, false);
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        self.noted(name, read(&text))
    }

    /// A setting that may lack; `default` says in words what holds then (or is empty). None when it
    /// has a problem.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        default: &'static str,
        about: &'static str,
        read: impl Fn(&str) -> Parsed<T>,
    ) -> Option<Option<T>> {
        self.know(name, Absent::Words(default), about, false);
        match self.text(name) {
            Some(text) => self.noted(name, read(&text)).map(Some),
            None => Some(None),
        }
    }

    /// A switch of the chat's that is off when its value is left empty, where others count as not set.
    pub fn or_off_when_empty(&mut self, name: &'static str, default: &str, about: &'static str) -> Option<bool> {
        let is_empty = self.given.get(name).is_some_and(|it| it.value.expose_secret().trim().is_empty());
        if !is_empty {
            return self.or(name, default, about, words::boolean);
        }
        self.know(name, Absent::Value(default.into()), about, false);
        self.in_force(name, "false");
        if let Some(given) = self.given.get(name) {
            self.came_from(name, given.origin.clone());
        }
        Some(false)
    }

    /// Whether `name` has a value.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|it| !it.value.expose_secret().trim().is_empty())
    }

    /// Whether somebody asked for `name`, or for the secret whose file it names.
    #[must_use]
    pub fn is_known(&self, name: &str) -> bool {
        let is = |name: &str| self.notes.settings.iter().find(|it| it.setting == name);
        is(name).is_some() || name.strip_suffix("_FILE").and_then(is).is_some_and(|it| it.secret)
    }

    /// Whether the value of `name` is `word`, in any case.
    #[must_use]
    pub fn says(&self, name: &str, word: &str) -> bool {
        self.given.get(name).is_some_and(|it| it.value.expose_secret().trim().eq_ignore_ascii_case(word))
    }

    /// The names that have a value.
    pub fn names_set(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str).filter(|name| self.is_set(name))
    }

    /// Says what is in force where that is not the text that was given.
    pub fn in_force(&mut self, name: &str, value: impl fmt::Display) {
        if let Some(known) = self.known_mut(name) {
            known.value = value.to_string();
        }
    }

    /// Notes a problem.
    pub fn problem(&mut self, name: &str, fault: Fault) {
        let known = self.notes.settings.iter().find(|it| it.setting == name);
        let source = known.map_or_else(|| self.origin(name), |known| known.source.clone());
        let Fault { wrong, right } = fault;
        self.problems.push(Problem {
            setting: name.into(),
            source,
            wrong: wrong.into_owned(),
            right: right.into_owned(),
        });
    }

    /// Makes warnings of the problems after the first `kept`: they are of what is switched off.
    pub fn forgive(&mut self, kept: usize) {
        for problem in self.problems.split_off(kept) {
            let text = format!("{}. {}. It is switched off, so nothing hangs on it.", problem.wrong, problem.right);
            self.warn(&problem.setting, text);
        }
    }

    /// Notes a warning.
    pub fn warn(&mut self, name: &str, text: impl Into<String>) {
        self.notes.warnings.push(Note { setting: name.into(), text: text.into() });
    }

    /// Notes something that is worth knowing when one looks.
    pub fn notice(&mut self, name: &str, text: impl Into<String>) {
        self.notes.notices.push(Note { setting: name.into(), text: text.into() });
    }

    /// All problems so far.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All notes so far.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// What was read with its notes.
    ///
    /// # Errors
    /// Every problem that was noted.
    pub fn finish<T>(self, read: Option<T>) -> Result<(T, Notes), Vec<Problem>> {
        match read {
            Some(read) if self.problems.is_empty() => Ok((read, self.notes)),
            _ => Err(self.problems),
        }
    }

    fn know(&mut self, name: &'static str, default: Absent, about: &'static str, secret: bool) {
        debug_assert!(self.notes.settings.iter().all(|it| it.setting != name), "{name} is asked for twice");
        if self.given.get(name).is_some_and(|given| given.cut) {
            self.warn(
                name,
                "its value in the .env file ends at a #; put the whole value in quotes if the # belongs to it.",
            );
        }
        self.notes.settings.push(Known {
            setting: name,
            value: default.as_str().into(),
            source: Origin::Default,
            section: self.section,
            about,
            default,
            secret,
        });
    }

    fn known_mut(&mut self, name: &str) -> Option<&mut Known> {
        self.notes.settings.iter_mut().find(|it| it.setting == name)
    }

    fn came_from(&mut self, name: &str, origin: Origin) {
        if let Some(known) = self.known_mut(name) {
            known.source = origin;
        }
    }

    /// The trimmed value that was given for a setting that is no secret.
    fn text(&mut self, name: &'static str) -> Option<String> {
        if self.unreadable.contains(name) {
            self.problem(name, Fault::new("is not UTF-8", "Write it in UTF-8"));
        }
        let given = self.given.get(name)?;
        let text = given.value.expose_secret().trim().to_owned();
        if text.is_empty() {
            return None;
        }
        let origin = given.origin.clone();
        self.came_from(name, origin);
        self.in_force(name, &text);
        Some(text)
    }

    fn noted<T>(&mut self, name: &str, read: Parsed<T>) -> Option<T> {
        // A value that is refused is not shown either: it may be a secret in the wrong place.
        read.map_err(|fault| {
            self.in_force(name, "[refused]");
            self.problem(name, fault);
        })
        .ok()
    }

    fn origin(&self, name: &str) -> Origin {
        self.given.get(name).map_or(Origin::Default, |given| given.origin.clone())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
