//! Settings of limits.

use std::time::Duration;

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many, at least 1.
    pub max: u32,
    /// Within how long.
    pub window: Duration,
}

/// Limits on what strangers can repeat.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `LOGIN_MAX` within `LOGIN_WINDOW`: sign-ins per address.
    pub login: Limit,
    /// `REGISTER_MAX` within `REGISTER_WINDOW`: sign-ups per address.
    pub registration: Limit,
}
