//! A provider's public keys.

use openidconnect::JsonWebKeySet;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use serde_json::Value;

use super::{failure, tenant};
use crate::error::Result;

/// How many keys of a set are looked at.
const MOST: usize = 64;
/// The least modulus of an RSA key, in characters of base64url: 2048 bits.
const LEAST_MODULUS: usize = 341;

/// A key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) public: CoreJsonWebKey,
    /// The one issuer that it signs for, with a place for a tenant perhaps; none: whoever publishes it.
    /// Microsoft Entra says so of each: that of private accounts signs for no organisation.
    issuer: Option<String>,
}

impl Key {
    /// Whether it may sign what `issuer` says.
    pub(super) fn is_of(&self, issuer: &str) -> bool {
        self.issuer.as_ref().is_none_or(|own| tenant::speaks_for(issuer, own))
    }
}

/// The keys of `set` that are strong enough to trust.
///
/// # Errors
/// When it is no set of keys.
pub(super) fn read(set: &Value) -> Result<Vec<Key>> {
    let list = set.get("keys").and_then(Value::as_array).ok_or_else(|| failure::upstream("it has no list of keys"))?;
    let mut keys = Vec::new();
    for key in list.iter().filter(|key| is_strong(key)).take(MOST) {
        let issuer = key.get("issuer").and_then(Value::as_str).map(str::to_owned);
        // The set passes over keys of kinds that nobody here knows.
        let alone = serde_json::json!({"keys": [key]});
        let known: CoreJsonWebKeySet = serde_json::from_value::<JsonWebKeySet<_>>(alone).map_err(failure::upstream)?;
        keys.extend(known.keys().iter().map(|public| Key { public: public.clone(), issuer: issuer.clone() }));
    }
    Ok(keys)
}

/// Whether a key is a public one, and no RSA key that is too short to trust.
fn is_strong(key: &Value) -> bool {
    let modulus = key.get("n").and_then(Value::as_str).map_or(0, str::len);
    match key.get("kty").and_then(Value::as_str) {
        Some("RSA") => modulus >= LEAST_MODULUS,
        Some("EC" | "OKP") => true,
        _ => false,
    }
}
