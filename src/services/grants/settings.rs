//! Settings of codes.

use std::time::Duration;

use crate::env::{Env, numbers};

/// Lives of what people grant.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `POSTERN_CODE_LIFETIME`: life of an authorization code, a minute at most (RFC 6749 section 4.1.2 allows ten).
    pub code_lifetime: Duration,
    /// Life of a grant that outlives its session: that of a refresh token.
    pub offline_lifetime: Duration,
}

impl Settings {
    /// Reads them; the life of refresh tokens follows.
    pub fn read(env: &mut Env) -> Option<impl FnOnce(Duration) -> Self + use<>> {
        let code_lifetime =
            env.or("POSTERN_CODE_LIFETIME", "60s", "Life of an authorization code, 1s to 60s.", |text| {
                numbers::duration(text, 1..=60)
            })?;
        Some(move |offline_lifetime| Self { code_lifetime, offline_lifetime })
    }
}
