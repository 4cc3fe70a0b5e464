//! A client's public keys, as it registers them (RFC 7517 section 5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A set of public keys; none of them holds a private or a symmetric part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jwks(Value);

impl Jwks {
    /// Checks the form of `set`.
    ///
    /// # Errors
    /// With words that name the key but never show it.
    pub fn new(set: Value) -> Result<Self, String> {
        let keys = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
        let keys = keys.ok_or("holds no list `keys` with at least one key.")?;
        for (place, key) in keys.iter().enumerate() {
            let number = place + 1;
            if !matches!(key.get("kty").and_then(Value::as_str), Some("RSA" | "EC" | "OKP")) {
                return Err(format!("key {number} is of no kind that is read here (kty is RSA, EC or OKP)."));
            }
            if key.get("d").is_some() {
                return Err(format!("key {number} is a private key. Give the public part, and make a new pair."));
            }
        }
        Ok(Self(set))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_public_keys_are_taken() {
        assert!(Jwks::new(json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}]})).is_ok());
        let symmetric = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]});
        let private = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "hidden"}]});
        for bad in [json!({}), json!({"keys": []}), json!([]), symmetric, private] {
            let problem = Jwks::new(bad).expect_err("not a set of public keys");
            assert!(!problem.contains("hidden") && !problem.contains("c2VjcmV0"));
        }
    }
}
