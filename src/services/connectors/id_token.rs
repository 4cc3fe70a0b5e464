//! ID tokens of providers (OpenID Connect Core section 3.1.3.7): signature, then what they claim.
//!
//! Keys and signatures are the crate's; the claims are read by hand, because it refuses a whole token
//! over one claim of an odd type, and looks neither at `azp` nor at the age of a token.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Timestamp;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm};
use serde::Deserialize;
use serde_json::Value;

use super::connector::Provider;
use super::key_set::Key;
use super::profile::Claims;
use super::unique::Unique;
use super::{failure, tenant};
use crate::error::{Error, Result};

/// How old a token may be that has just been made.
pub(super) const FRESH: Duration = Duration::from_secs(600);
/// Google's issuer as its older tokens have it.
const GOOGLE: (&str, &str) = ("https://accounts.google.com", "accounts.google.com");

/// What a token has to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) provider: &'a Provider,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a str,
    pub(super) now: Timestamp,
    pub(super) tolerance: Duration,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A token whose form is good, and nothing else yet.
pub(super) struct Unverified<'a> {
    message: &'a str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Claims,
}

impl<'a> Unverified<'a> {
    /// Reads `token`: signed by one of the asymmetric algorithms that the provider announces.
    ///
    /// # Errors
    /// When it is anything else.
    pub(super) fn read(token: &'a str, provider: &Provider) -> Result<Self> {
        Self::read_as(token, provider, &["JWT"])
    }

    /// The same for a token whose `typ` is one of `types`, or lacks.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn read_as(token: &'a str, provider: &Provider, types: &[&str]) -> Result<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { return Err(refused("it has not the form of a signed one")) };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(failure::upstream);
        let known: Header = serde_json::from_slice(&decode(header)?).map_err(failure::upstream)?;
        if known.crit.is_some() || known.typ.is_some_and(|typ| !types.iter().any(|one| typ.eq_ignore_ascii_case(one))) {
            return Err(refused("it is of another kind"));
        }
        let algorithm = algorithm(&known.alg, provider)?;
        let Unique(claims) = serde_json::from_slice(&decode(claims)?).map_err(failure::upstream)?;
        let message = &token[..header.len() + 1 + parts[1].len()];
        Ok(Self { message, signature: decode(signature)?, algorithm, kid: known.kid, claims })
    }

    /// Whether one of `keys` made it. Where it names a key, no other is tried.
    pub(super) fn is_signed_by(&self, keys: &[Key]) -> bool {
        self.key(keys).is_some()
    }

    /// Whether it names the key that made it.
    pub(super) fn has_kid(&self) -> bool {
        self.kid.is_some()
    }

    /// Whether one of `keys` has the name that it gives; true where it gives none.
    pub(super) fn knows_key(&self, keys: &[Key]) -> bool {
        self.kid.is_none() || keys.iter().any(|key| self.is_meant(key))
    }

    fn is_meant(&self, key: &Key) -> bool {
        let is_named = self.kid.is_none() || key.public.key_id().map(|kid| kid.as_str()) == self.kid.as_deref();
        is_named && key.is_of(self.claims.get("iss").and_then(Value::as_str).unwrap_or_default())
    }

    fn key<'k>(&self, keys: &'k [Key]) -> Option<&'k CoreJsonWebKey> {
        let verifies = |key: &&CoreJsonWebKey| {
            key.verify_signature(&self.algorithm, self.message.as_bytes(), &self.signature).is_ok()
        };
        keys.iter().filter(|key| self.is_meant(key)).map(|key| &key.public).find(verifies)
    }

    /// The claims, once it is proven that one of `keys` made it, and no more than that.
    ///
    /// # Errors
    /// When none did.
    pub(super) fn genuine(self, keys: &[Key]) -> Result<Claims> {
        match self.is_signed_by(keys) {
            true => Ok(self.claims),
            false => Err(refused("no key of the provider has signed it")),
        }
    }

    /// The claims, once it is proven that one of `keys` made it and that it is for this sign-in.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn verify(self, keys: &[Key], rules: &Rules<'_>) -> Result<Claims> {
        let key = self.key(keys).ok_or_else(|| refused("no key of the provider has signed it"))?;
        check_for_us(&self.claims, rules)?;
        check_times(&self.claims, rules)?;
        if let Some(given) = self.claims.get("at_hash") {
            let hash = key.hash_bytes(rules.access_token.as_bytes(), &self.algorithm).map_err(failure::upstream)?;
            if given.as_str() != Some(&URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])) {
                return Err(refused("its at_hash is of another access token"));
            }
        }
        Ok(self.claims)
    }
}

/// The algorithm called `name`, if it is one that needs a key which the provider alone has, and that
/// the provider announces. A document may announce HS256: its key would be our secret, or a public key.
fn algorithm(name: &str, provider: &Provider) -> Result<Algorithm> {
    const ASYMMETRIC: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    if !ASYMMETRIC.contains(&name) || !provider.algorithms.iter().any(|known| known == name) {
        return Err(refused("its algorithm is none that the provider announces and that is taken here"));
    }
    serde_json::from_value(name.into()).map_err(failure::upstream)
}

fn check_for_us(claims: &Claims, rules: &Rules<'_>) -> Result<()> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let own = rules.provider.issuer.as_str();
    let is_issuer = |issuer: &str| tenant::speaks_for(issuer, own) || (own, issuer) == GOOGLE;
    if !text("iss").is_some_and(is_issuer) {
        return Err(refused("its issuer is another one"));
    }
    let tenant = text("iss").and_then(|issuer| tenant::of(own, issuer));
    if tenant.is_some() && text("tid") != tenant {
        return Err(refused("its tenant is another one than its issuer's"));
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        other => other.and_then(Value::as_str).into_iter().collect(),
    };
    let is_ours = audience.contains(&rules.client_id);
    let azp = claims.get("azp").map(|azp| azp.as_str() == Some(rules.client_id));
    // Of several audiences one has asked for it, and it has to be us.
    if !is_ours || azp == Some(false) || (audience.len() > 1 && azp.is_none()) {
        return Err(refused("it was made for another client"));
    }
    if text("nonce") != Some(rules.nonce) {
        return Err(refused("its nonce is not that of this sign-in"));
    }
    // Amazon Cognito signs access tokens alike.
    if claims.get("token_use").is_some_and(|word| word != "id") {
        return Err(refused("it is no ID token"));
    }
    Ok(())
}

fn check_times(claims: &Claims, rules: &Rules<'_>) -> Result<()> {
    let moment = |name: &str| match claims.get(name) {
        None => Ok(None),
        // RFC 7519 section 2: seconds, whole or not.
        Some(value) => value
            .as_f64()
            .filter(|at| (0.0..1e12).contains(at))
            .map(Some)
            .ok_or_else(|| refused("one of its times is none")),
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of our time stay far below 2^52")]
    let now = rules.now.seconds() as f64;
    let (slack, fresh) = (rules.tolerance.as_secs_f64(), FRESH.as_secs_f64());
    let (Some(expires), Some(issued)) = (moment("exp")?, moment("iat")?) else {
        return Err(refused("it says not when it was made, or when it ends"));
    };
    if expires + slack <= now {
        return Err(refused("it has expired; are both clocks right?"));
    }
    if issued > now + slack || issued + fresh + slack < now || moment("nbf")?.is_some_and(|from| from > now + slack) {
        return Err(refused("it was not made just now; are both clocks right?"));
    }
    Ok(())
}

/// How long before the token was made the person had proven who they are, both by the provider's own clock;
/// none where it does not tell.
pub(super) fn age(claims: &Claims) -> Option<Duration> {
    let moment = |name| claims.get(name).and_then(Value::as_f64).filter(|at| (0.0..1e12).contains(at));
    Some(Duration::from_secs_f64((moment("iat")? - moment("auth_time")?).max(0.0)))
}

fn refused(why: &str) -> Error {
    failure::upstream(format!("the ID token is not taken: {why}"))
}
