//! What a banned person reads, after the right password only.

use entity::Timestamp;
use serde::Serialize;

use super::page::Page;
use super::when::When;
use crate::error::BanNotice;

/// The page that says until when, since when and why.
#[derive(Debug, Serialize)]
pub struct BannedPage {
    /// The reason, where one was given.
    pub reason: Option<String>,
    /// When the ban was set.
    pub since: When,
    /// When it ends by itself; none: when it is lifted.
    pub until: Option<When>,
}

impl BannedPage {
    /// The page for `ban`, read at `now`.
    #[must_use]
    pub fn new(ban: &BanNotice, now: Timestamp) -> Self {
        Self {
            reason: ban.reason.clone(),
            since: When::new(ban.since, now),
            until: ban.until.map(|at| When::new(at, now)),
        }
    }
}

impl Page for BannedPage {
    const TEMPLATE: &'static str = "banned.html";
}
