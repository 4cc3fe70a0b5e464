//! Reading one table of a settings file: each key by its type, every problem noted, none shown
//! with a secret in it, and at the end the keys that nobody asked for.

use std::fmt::Display;
use std::str::FromStr;

use secrecy::SecretString;
use toml::{Table, Value};

use crate::services::vocabulary::nearest;

/// One table and the problems found in it.
pub(super) struct Reader<'p> {
    table: Table,
    asked: Vec<&'static str>,
    whose: String,
    problems: &'p mut Vec<String>,
}

impl<'p> Reader<'p> {
    /// Reads `table`, which the operator knows as `whose`.
    pub(super) fn new(table: Table, whose: String, problems: &'p mut Vec<String>) -> Self {
        Self { table, asked: Vec::new(), whose, problems }
    }

    /// Notes a problem of `key`.
    pub(super) fn fail(&mut self, key: &str, words: impl Display) {
        self.problems.push(format!("{}: {key}: {words}", self.whose));
    }

    /// Whatever stands at `key`.
    pub(super) fn value(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.table.remove(key)
    }

    fn typed<T>(&mut self, key: &'static str, kind: &str, read: impl Fn(Value) -> Option<T>) -> Option<T> {
        let value = self.value(key)?;
        let found = value.type_str();
        let typed = read(value);
        if typed.is_none() {
            self.fail(key, format!("must be {kind}, not a value of type {found}."));
        }
        typed
    }

    /// A text that says something.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.typed(key, "a text in quotes", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })?;
        if text.trim().is_empty() {
            self.fail(key, "is empty. Leave the key out instead.");
            return None;
        }
        Some(text)
    }

    /// A text that is not to be shown.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", |value| value.as_bool())
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, key: &'static str) -> Option<u64> {
        self.typed(key, "a whole number, zero or more", |value| u64::try_from(value.as_integer()?).ok())
    }

    /// A text that is read as something more exact.
    pub(super) fn word<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.parsed(key, &text)
    }

    /// A list of texts, each read as something more exact; none when the key is absent.
    pub(super) fn words<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let texts = self.typed(key, "a list of texts in [ ]", |value| match value {
            Value::Array(items) => items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        });
        let texts: Vec<String> = texts?;
        Some(texts.iter().filter_map(|text| self.parsed(key, text)).collect())
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str, text: &str) -> Option<T> {
        text.parse().map_err(|words| self.fail(key, words)).ok()
    }

    /// Refuses the keys that nobody asked for.
    pub(super) fn finish(mut self) {
        for key in std::mem::take(&mut self.table).keys() {
            let hint =
                nearest(key, &self.asked).map(|known| format!(" Perhaps `{known}` is meant.")).unwrap_or_default();
            self.fail(&key.escape_debug().to_string(), format!("is not a key that is known here.{hint}"));
        }
    }
}
