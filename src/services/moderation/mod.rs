//! Limits and bans.

mod ban;
mod settings;
mod violation;

pub use ban::Ban;
pub use settings::Settings;
pub use violation::Violation;

pub use super::caller::Caller;
pub use super::shared::Limit;

pub(super) use ban::USER as BANNED_USER;

use std::sync::Arc;

use super::database::Database;
use super::shared::Shared;
use crate::clock::Clock;

/// Counts tries and keeps bans.
#[derive(Clone, Debug)]
pub struct Moderation {
    database: Database,
    shared: Arc<Shared>,
    clock: Clock,
    settings: Settings,
}

impl Moderation {
    /// Limits by `settings`.
    #[must_use]
    pub fn new(database: Database, shared: Arc<Shared>, clock: Clock, settings: Settings) -> Self {
        Self { database, shared, clock, settings }
    }
}
