//! What is wrong with a setting, and where its value came from.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// Why a value cannot be read. It never repeats the value: that may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, to follow the setting's name: `is not a number`.
    pub wrong: Cow<'static, str>,
    /// What would be right, as a sentence without its full stop.
    pub right: Cow<'static, str>,
}

impl Fault {
    /// A fault: what is wrong, what would be right.
    pub fn new(wrong: impl Into<Cow<'static, str>>, right: impl Into<Cow<'static, str>>) -> Self {
        Self { wrong: wrong.into(), right: right.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}.", self.wrong, self.right)
    }
}

/// A value read from its text, or why that cannot be.
pub type Parsed<T> = Result<T, Fault>;

/// A setting that keeps Postern from starting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The setting's name.
    pub setting: String,
    /// Where its value came from.
    pub source: Origin,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, source, wrong, right } = self;
        let end = if right.ends_with('?') { "" } else { "." };
        match source {
            Origin::Default => write!(f, "{setting} {wrong}. {right}{end}"),
            source => write!(f, "{setting} ({source}) {wrong}. {right}{end}"),
        }
    }
}

/// Something that an operator should know about a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The setting's name, or the name of a group of settings.
    pub setting: String,
    /// One or two sentences.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.text)
    }
}

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The process environment.
    Environment,
    /// A line of the `.env` file.
    File(PathBuf, usize),
    /// The file that `NAME_FILE` names.
    SecretFile(PathBuf),
    /// Made by Postern and kept in this file.
    Made(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::SecretFile(path) => write!(f, "file {}", path.display()),
            Self::Made(path) => write!(f, "made, kept in {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
