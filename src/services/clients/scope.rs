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
