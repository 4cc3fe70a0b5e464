//! Limits and bans.

mod settings;

pub use settings::Settings;

pub use super::caller::Caller;
pub use super::shared::Limit;
