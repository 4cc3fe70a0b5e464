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
/// How much more often one network may be sent back over what it filled in: looking at fields costs
/// far less than what the limit is for, but something.
const ATTEMPT_FACTOR: u32 = 10;

impl Moderation {
    /// Counts one try of `what` by `caller`'s network, and refuses it when that passes the limit.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] with the time to wait.
    pub fn check(&self, what: Violation, caller: &Caller) -> Result<()> {
        let key = format!("{} of networks/{}", what.name(), caller.network());
        self.count(&key, what.limit(&self.settings))
    }

    /// Counts one attempt at `what` by `caller`'s network that may yet be sent back over what was
    /// filled in, and so not count as a try.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_attempt(&self, what: Violation, caller: &Caller) -> Result<()> {
        let key = format!("{} attempted/{}", what.name(), caller.network());
        self.count(&key, wider(what.limit(&self.settings), ATTEMPT_FACTOR))
    }

    /// Counts one try of `what` at `account`, known or unknown, from wherever it came.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_account(&self, what: Violation, account: &str) -> Result<()> {
        let limit = wider(what.limit(&self.settings), ACCOUNT_FACTOR);
        self.count(&format!("{} of accounts/{account}", what.name()), limit)
    }

    /// Forgets the tries at `account`: its owner has proven to be the owner.
    pub fn clear_account(&self, what: Violation, account: &str) {
        self.shared.counters.clear(&format!("{} of accounts/{account}", what.name()));
    }

    fn count(&self, key: &str, limit: Limit) -> Result<()> {
        self.shared.counters.hit(key, limit).map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))
    }
}

const fn wider(limit: Limit, factor: u32) -> Limit {
    Limit { max: limit.max.saturating_mul(factor), window: limit.window }
}
