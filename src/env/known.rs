//! What became known of settings while they were read.

use serde::Serialize;

use super::fault::{Note, Origin};

/// One setting that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Its name.
    pub setting: &'static str,
    /// What is in force, as text; secrets show as `[redacted]`.
    pub value: String,
    /// Where that came from.
    pub source: Origin,
    /// Whether it is a secret, which a file may hold.
    pub secret: bool,
    /// The heading that it stands under.
    #[serde(skip)]
    pub section: &'static str,
    /// What it means, in a line.
    #[serde(skip)]
    pub about: &'static str,
    /// What holds when it is not given.
    #[serde(skip)]
    pub default: Absent,
}

/// What holds when a setting is not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// This value, as if it had been written.
    Value(String),
    /// Something that no value says; in words, or empty where there is nothing to say.
    Words(&'static str),
}

impl Absent {
    /// The value or the words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Value(value) => value,
            Self::Words(words) => words,
        }
    }
}

/// What an operator should know although Postern can start, and what is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Worth a line in the log at every start.
    pub warnings: Vec<Note>,
    /// Worth knowing when one looks.
    pub notices: Vec<Note>,
    /// Every setting that was asked for.
    pub settings: Vec<Known>,
}
