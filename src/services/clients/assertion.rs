//! Assertions: what a client signs to prove who it is (RFC 7523 section 3).
//!
//! Only keys that the client has registered count. Nothing in an assertion is fetched or believed
//! that names another (`jku`, `x5u`, `jwk`, `x5c`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Timestamp;
use serde_json::{Map, Value};

use super::jwks::Jwks;
use super::vocabulary::AssertionAlgorithm;
use crate::services::keys::parse_object;

/// Longer texts are no assertion, in bytes; checked before any work is done on them.
const LONGEST: usize = 16 * 1024;
/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 255;
/// How long an assertion may live, in seconds.
const LONGEST_LIFE: i64 = 300;
/// By how much the clocks of a client and of ours may differ, in seconds.
const TOLERANCE: i64 = 30;
/// The kinds of token that an assertion may call itself; most libraries say none.
const KINDS: [&str; 2] = ["JWT", "client-authentication+jwt"];
/// Members of a header that change how a token is read: what is read here has none of them.
const UNREAD: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// A text that has the form of an assertion. Nobody has looked at its signature yet.
#[derive(Debug)]
pub(super) struct Assertion<'t> {
    algorithm: AssertionAlgorithm,
    kid: Option<String>,
    message: &'t str,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

/// What an assertion that is good in every way is spent by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spending<'a> {
    pub(super) jti: &'a str,
    pub(super) expires_at: Timestamp,
}

impl<'t> Assertion<'t> {
    /// Takes `text` apart; none when it cannot be an assertion.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (message, signature) = text.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if payload.contains('.') {
            return None;
        }
        let object = |part: &str| parse_object(&URL_SAFE_NO_PAD.decode(part).ok()?);
        let header = object(header)?;
        let is_known = |kind: &str| KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind));
        let is_its_kind = header.get("typ").is_none_or(|kind| kind.as_str().is_some_and(is_known));
        if !is_its_kind || UNREAD.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        let kid = match header.get("kid") {
            Some(kid) => Some(kid.as_str()?.to_owned()),
            None => None,
        };
        let algorithm = header.get("alg")?.as_str()?.parse().ok()?;
        Some(Self {
            algorithm,
            kid,
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims: object(payload)?,
        })
    }

    /// Whom it names: the client, as issuer and as subject.
    pub(super) fn client(&self) -> Option<&str> {
        self.text("iss").filter(|issuer| self.text("sub") == Some(issuer))
    }

    /// Whether one of `keys` signed it.
    pub(super) fn is_signed_by(&self, keys: &Jwks) -> bool {
        keys.verifies(self.algorithm, self.kid.as_deref(), self.message.as_bytes(), &self.signature)
    }

    /// What it is spent by, if it is meant for one of `audiences` and in time at `now`.
    ///
    /// # Errors
    /// With words that say what is wrong; only for whoever has signed it.
    pub(super) fn check(&self, audiences: &[&str], now: Timestamp) -> Result<Spending<'_>, &'static str> {
        let is_ours = |one: &Value| one.as_str().is_some_and(|one| audiences.contains(&one));
        let is_for_us = match self.claims.get("aud") {
            Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if !is_for_us {
            return Err("is not meant for this server: aud must be its issuer or its token endpoint.");
        }
        let now = now.seconds();
        let exp = self.claims.get("exp").and_then(Value::as_i64).ok_or("has no exp in whole seconds.")?;
        if exp <= now {
            return Err("has expired; compare the clocks.");
        }
        if exp > now.saturating_add(LONGEST_LIFE) {
            return Err("lives for more than five minutes (exp).");
        }
        self.check_begin(now)?;
        let jti = self.text("jti").filter(|jti| (1..=LONGEST_ID).contains(&jti.len()));
        let jti = jti.ok_or("has no jti of 1 to 255 characters.")?;
        Ok(Spending { jti, expires_at: Timestamp::from_seconds(exp) })
    }

    /// `nbf` and `iat` may lack; what stands there must make sense.
    fn check_begin(&self, now: i64) -> Result<(), &'static str> {
        for name in ["nbf", "iat"] {
            let Some(value) = self.claims.get(name) else { continue };
            let begin = value.as_i64().filter(|begin| *begin >= 0).ok_or("has an iat or nbf that is no time.")?;
            if begin > now.saturating_add(TOLERANCE) {
                return Err("is not good yet (iat, nbf); compare the clocks.");
            }
            if name == "iat" && begin < now.saturating_sub(LONGEST_LIFE + TOLERANCE) {
                return Err("was made more than five minutes ago (iat).");
            }
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}
