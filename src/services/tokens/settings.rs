//! Settings of session tokens and refresh tokens.

use std::time::Duration;

use secrecy::SecretString;

use crate::env::{Env, Fault, arithmetic, numbers};

/// Lives and keys of tokens.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `SESSION_EXPIRY`: life of a session token.
    pub session_token_lifetime: Duration,
    /// `REFRESH_TOKEN_EXPIRY`: life of a refresh family, from the sign-in.
    pub refresh_lifetime: Duration,
    /// `POSTERN_REFRESH_GRACE`: how long after a rotation a repeat gets the same successor.
    pub refresh_grace: Duration,
    /// `POSTERN_ACCESS_TOKEN_LIFETIME`: life of a client's access token.
    pub access_token_lifetime: Duration,
    /// `POSTERN_ID_TOKEN_LIFETIME`: life of an ID token.
    pub id_token_lifetime: Duration,
    /// `JWT_SECRET`: HS256 key of session tokens.
    pub jwt_secret: SecretString,
    /// `JWT_REFRESH_SECRET`: parent of the keys that sign and hash refresh tokens.
    pub jwt_refresh_secret: SecretString,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

impl Settings {
    /// Reads them. The two secrets follow: they may have yet to be made, which only settings without
    /// a problem are worth.
    pub fn read(env: &mut Env) -> Option<impl FnOnce(SecretString, SecretString) -> Self + use<>> {
        let session_token_lifetime =
            env.or("SESSION_EXPIRY", "1000 * 60 * 15", "Life of a session token, in milliseconds.", |text| {
                milliseconds(text, Duration::from_secs(1))
            });
        let refresh_lifetime = env.or(
            "REFRESH_TOKEN_EXPIRY",
            "(1000 * 60 * 60 * 24) * 7",
            "How long a sign-in can be refreshed, in milliseconds from the sign-in.",
            |text| milliseconds(text, Duration::from_secs(1)),
        );
        let refresh_grace = env.or(
            "POSTERN_REFRESH_GRACE",
            "10s",
            "How long a refresh token that was used may be repeated and gets the same answer.",
            |text| numbers::duration(text, 0..=60),
        );
        let access_token_lifetime =
            env.or("POSTERN_ACCESS_TOKEN_LIFETIME", "15m", "Life of the access tokens of OpenID clients.", |text| {
                numbers::duration(text, 1..=86_400)
            });
        let id_token_lifetime = env.or(
            "POSTERN_ID_TOKEN_LIFETIME",
            "1h",
            "Life of ID tokens; a chat with OPENID_REUSE_TOKENS uses them as its bearer.",
            |text| numbers::duration(text, 1..=86_400),
        );
        let lives = (session_token_lifetime?, refresh_lifetime?, refresh_grace?);
        let (access_token_lifetime, id_token_lifetime) = (access_token_lifetime?, id_token_lifetime?);
        compare(env, lives.0, lives.1);
        Some(move |jwt_secret, jwt_refresh_secret| Self {
            session_token_lifetime: lives.0,
            refresh_lifetime: lives.1,
            refresh_grace: lives.2,
            access_token_lifetime,
            id_token_lifetime,
            jwt_secret,
            jwt_refresh_secret,
        })
    }
}

fn milliseconds(text: &str, least: Duration) -> Result<Duration, Fault> {
    let length = Duration::from_millis(arithmetic::evaluate(text)?);
    let fault = |wrong| Fault::new(wrong, "Write milliseconds: 900000 or 1000 * 60 * 15 is a quarter of an hour");
    if length < least {
        return Err(fault("is under 1000 milliseconds"));
    }
    // Browsers cut the life of a cookie to 400 days (RFC 6265bis section 5.5).
    if length > 400 * DAY {
        return Err(fault("is over 400 days"));
    }
    Ok(length)
}

fn compare(env: &mut Env, session: Duration, refresh: Duration) {
    if refresh <= session {
        let right = "Write more milliseconds than in SESSION_EXPIRY";
        env.problem("REFRESH_TOKEN_EXPIRY", Fault::new("does not exceed SESSION_EXPIRY", right));
    }
    if session < MINUTE {
        env.warn("SESSION_EXPIRY", "under 60000: it counts milliseconds, and session tokens that die within a minute are refreshed all the time.");
    }
    if session > DAY {
        env.warn(
            "SESSION_EXPIRY",
            "over a day: where nobody introspects, a session token outlives logout and bans until then.",
        );
    }
}
