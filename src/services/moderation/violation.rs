//! What counts against a caller. To add a kind: its line here and its limit in the settings.

use super::{Caller, Limit, Moderation, Settings};
use crate::error::{Error, ErrorKind, Result};

/// Something that strangers can repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Trying to sign in.
    Login,
    /// Signing up.
    Registration,
}

impl Violation {
    const fn limit(self, settings: &Settings) -> Limit {
        match self {
            Self::Login => settings.login,
            Self::Registration => settings.registration,
        }
    }

    /// The chat app's word for it.
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "logins",
            Self::Registration => "registrations",
        }
    }
}

/// How much more one account may see than one network, before its password is asked again: a
/// crowd of addresses that guesses at one account meets this.
const ACCOUNT_FACTOR: u32 = 10;

impl Moderation {
    /// Counts one try of `what` by `caller`'s network, and refuses it when that passes the limit.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] with the time to wait.
    pub fn check(&self, what: Violation, caller: &Caller) -> Result<()> {
        let key = format!("{}/network/{}", what.name(), caller.network());
        self.count(&key, what.limit(&self.settings))
    }

    /// Counts one try of `what` at `account`, known or unknown, from wherever it came.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_account(&self, what: Violation, account: &str) -> Result<()> {
        let limit = what.limit(&self.settings);
        let wider = Limit { max: limit.max.saturating_mul(ACCOUNT_FACTOR), ..limit };
        self.count(&format!("{}/account/{account}", what.name()), wider)
    }

    /// Forgets the tries at `account`: its owner has proven to be the owner.
    pub fn clear_account(&self, what: Violation, account: &str) {
        self.shared.counters.clear(&format!("{}/account/{account}", what.name()));
    }

    fn count(&self, key: &str, limit: Limit) -> Result<()> {
        self.shared.counters.hit(key, limit).map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))
    }
}
