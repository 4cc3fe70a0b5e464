//! Reading the metadata that a client sends: each member by its type, every problem noted. Members
//! that nobody asks for are passed over (RFC 7591 section 2).

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::error::FieldProblem;

/// How many values one list may hold.
const MOST: usize = 20;

/// A document and the problems found in it.
pub(super) struct Reader<'d> {
    document: &'d Map<String, Value>,
    problems: Vec<FieldProblem>,
}

impl<'d> Reader<'d> {
    /// Reads `document`.
    pub(super) fn new(document: &'d Map<String, Value>) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// Notes a problem of `key`.
    pub(super) fn fail(&mut self, key: &'static str, words: impl Display) {
        self.problems.push(FieldProblem::new(key, words.to_string()));
    }

    /// Notes problems that others have found.
    pub(super) fn extend(&mut self, problems: Vec<FieldProblem>) {
        self.problems.extend(problems);
    }

    /// All problems so far.
    pub(super) fn finish(self) -> Vec<FieldProblem> {
        self.problems
    }

    /// Whatever stands at `key`; `null` is nothing (RFC 7592 section 2.2).
    pub(super) fn value(&self, key: &str) -> Option<&'d Value> {
        self.document.get(key).filter(|value| !value.is_null())
    }

    fn typed<T>(&mut self, key: &'static str, kind: &str, read: impl Fn(&'d Value) -> Option<T>) -> Option<T> {
        let typed = read(self.value(key)?);
        if typed.is_none() {
            self.fail(key, format_args!("must be {kind}."));
        }
        typed
    }

    /// A text; an empty one says nothing.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'d str> {
        self.typed(key, "a text", Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// `true` or `false`; false where nothing is said.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.typed(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, key: &'static str) -> Option<u64> {
        self.typed(key, "a whole number, zero or more", Value::as_u64)
    }

    /// A text that is read as something more exact.
    pub(super) fn word<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.parsed(key, text)
    }

    /// A list of texts, each read as something more exact; empty where nothing is said.
    pub(super) fn words<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Vec<T> {
        let texts = |value: &'d Value| value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<&str>>>();
        let texts = self.typed(key, "a list of texts", texts).unwrap_or_default();
        if texts.len() > MOST {
            self.fail(key, format_args!("holds more than {MOST} values."));
            return Vec::new();
        }
        texts.into_iter().filter_map(|text| self.parsed(key, text)).collect()
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str, text: &str) -> Option<T> {
        text.parse().map_err(|words| self.fail(key, words)).ok()
    }
}
