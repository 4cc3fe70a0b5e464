//! Settings of limits.

use crate::services::shared::Limit;

/// Limits on what strangers can repeat.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `LOGIN_MAX` within `LOGIN_WINDOW`: sign-ins per address.
    pub login: Limit,
    /// `REGISTER_MAX` within `REGISTER_WINDOW`: sign-ups per address.
    pub registration: Limit,
}
