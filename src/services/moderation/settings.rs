//! Settings of limits.

use crate::env::{Env, numbers};
use crate::services::shared::Limit;

/// Limits on what strangers can repeat.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `LOGIN_MAX` within `LOGIN_WINDOW`: sign-ins per address.
    pub login: Limit,
    /// `REGISTER_MAX` within `REGISTER_WINDOW`: sign-ups per address.
    pub registration: Limit,
}

impl Settings {
    /// Reads them.
    pub fn read(env: &mut Env) -> Option<Self> {
        let count = |text: &str| numbers::integer(text, 1..=u64::from(u32::MAX));
        let login_max = env.or("LOGIN_MAX", "7", "Sign-ins that one address may try within LOGIN_WINDOW.", count);
        let login_window = env.or("LOGIN_WINDOW", "5", "Minutes.", numbers::minutes);
        let max = env.or(
            "REGISTER_MAX",
            "5",
            "Sign-ups that one address may make within REGISTER_WINDOW, and ten times as many that are sent back because \
             of what was filled in.",
            count,
        );
        let window = env.or("REGISTER_WINDOW", "60", "Minutes.", numbers::minutes);
        Some(Self {
            login: Limit { max: u32::try_from(login_max?).ok()?, window: login_window? },
            registration: Limit { max: u32::try_from(max?).ok()?, window: window? },
        })
    }
}
