//! Settings of browser sessions.

use std::time::Duration;

/// How long a browser session lives.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `POSTERN_BROWSER_SESSION_IDLE`: without use.
    pub idle: Duration,
    /// `POSTERN_BROWSER_SESSION_MAX`: at all.
    pub max: Duration,
}
