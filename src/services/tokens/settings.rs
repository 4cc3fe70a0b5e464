//! Settings of session tokens and refresh tokens.

use std::time::Duration;

use secrecy::SecretString;

/// Lives and keys of tokens.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `SESSION_EXPIRY`: life of a session token.
    pub session_token_lifetime: Duration,
    /// `REFRESH_TOKEN_EXPIRY`: life of a refresh family, from the sign-in.
    pub refresh_lifetime: Duration,
    /// `POSTERN_REFRESH_GRACE`: how long after a rotation a repeat gets the same successor.
    pub refresh_grace: Duration,
    /// `JWT_SECRET`: HS256 key of session tokens.
    pub jwt_secret: SecretString,
    /// `JWT_REFRESH_SECRET`: parent of the keys that sign and hash refresh tokens.
    pub jwt_refresh_secret: SecretString,
}
