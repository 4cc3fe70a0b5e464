//! The scopes that a client may ask for, as it registers them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Scopes by blanks, each of the characters that RFC 6749 section 3.3 allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeList(Vec<String>);

impl ScopeList {
    /// The scopes, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// What of `asked` is among `known`; all of them where that is nothing, or nothing was asked for
    /// (RFC 7591 section 2: the server may register others).
    pub(super) fn within(asked: Option<&Self>, known: &[&str]) -> Self {
        let is_asked = |one: &&&str| asked.is_some_and(|list| list.0.iter().any(|it| it == **one));
        let both: Vec<&str> = known.iter().filter(is_asked).copied().collect();
        let list = if both.is_empty() { known } else { both.as_slice() };
        Self(list.iter().map(|one| (*one).to_owned()).collect())
    }
}

impl FromStr for ScopeList {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_scope = |one: &str| one.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        let list: Vec<String> = text.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect();
        match list.iter().find(|one| !is_scope(one)) {
            Some(bad) => Err(format!("{bad:?} is no scope: scopes are ASCII words with a blank between them.")),
            None if list.is_empty() => Err("names no scope.".into()),
            None => Ok(Self(list)),
        }
    }
}

impl TryFrom<String> for ScopeList {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ScopeList> for String {
    fn from(scopes: ScopeList) -> Self {
        scopes.0.join(" ")
    }
}
