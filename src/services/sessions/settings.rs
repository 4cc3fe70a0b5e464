//! Settings of browser sessions.

use std::time::Duration;

use crate::env::{Env, Fault, numbers};

/// The longest that a browser keeps a cookie, in seconds: 400 days (RFC 6265bis section 5.5).
const COOKIE_LIMIT: u64 = 400 * 86_400;

/// How long a browser session lives.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `POSTERN_BROWSER_SESSION_IDLE`: without use.
    pub idle: Duration,
    /// `POSTERN_BROWSER_SESSION_MAX`: at all.
    pub max: Duration,
}

impl Settings {
    /// Reads them.
    pub fn read(env: &mut Env) -> Option<Self> {
        let length = |text: &str| numbers::duration(text, 60..=COOKIE_LIMIT);
        let idle = env.or(
            "POSTERN_BROWSER_SESSION_IDLE",
            "7d",
            "How long a browser stays signed in without being used.",
            length,
        );
        let max = env.or("POSTERN_BROWSER_SESSION_MAX", "30d", "How long a browser stays signed in at all.", length);
        let settings = Self { idle: idle?, max: max? };
        if settings.idle > settings.max {
            let fault = Fault::new("is above POSTERN_BROWSER_SESSION_MAX", "Write a shorter time");
            env.problem("POSTERN_BROWSER_SESSION_IDLE", fault);
        }
        Some(settings)
    }
}
