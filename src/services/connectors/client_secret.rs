//! Client secrets that are made for each exchange, as Apple wants them: a JWT by a key of ours (Apple,
//! Creating a client secret).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use entity::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use crate::error::{Error, Result};

/// How long one is good: one exchange needs no more, and six months are the most that Apple takes.
const LIVES: Duration = Duration::from_secs(300);
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// What makes them; cheap to clone.
#[derive(Clone)]
pub struct Signer(Arc<Inner>);

struct Inner {
    team: String,
    key_id: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    /// One for `team`, by its key `key_id`, which `pem` holds as PKCS #8; none where that is no P-256 key.
    pub(super) fn new(team: String, key_id: String, pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once(BEGIN)?;
        let (body, _) = rest.split_once(END)?;
        let body: String = body.split_ascii_whitespace().collect();
        let pkcs8 = zeroize::Zeroizing::new(STANDARD.decode(body).ok()?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).ok()?;
        Some(Self(Arc::new(Inner { team, key_id, pair })))
    }

    /// What is known of its key outside.
    pub(super) fn public_key(&self) -> &[u8] {
        self.0.pair.public_key().as_ref()
    }

    /// The id of the team.
    #[must_use]
    pub fn team(&self) -> &str {
        &self.0.team
    }

    /// The id of its key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    /// The secret of `client_id` at `issuer`, good from `now` for a few minutes.
    ///
    /// # Errors
    /// When the library refuses: a fault of ours.
    pub(super) fn secret(&self, issuer: &str, client_id: &str, now: Timestamp) -> Result<SecretString> {
        let Inner { team, key_id, pair } = &*self.0;
        let header = json!({"alg": "ES256", "kid": key_id});
        let (iat, exp) = (now.seconds(), (now + LIVES).seconds());
        let claims = json!({"iss": team, "iat": iat, "exp": exp, "aud": issuer, "sub": client_id});
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let hash = digest::digest(&digest::SHA256, message.as_bytes());
        let refused = |_| Error::internal("the cryptographic library refused the key of a client secret");
        let signature = pair.sign_digest(&hash).map_err(refused)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())).into())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use secrecy::ExposeSecret;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_secret_is_the_jwt_that_apple_describes() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let pkcs8 = STANDARD.encode(pair.to_pkcs8v1().expect("PKCS #8"));
        let pem = format!("{BEGIN}\n{}\n{}\n{END}\n", &pkcs8[..64], &pkcs8[64..]);
        let signer = Signer::new("DEF123GHIJ".into(), "ABC123DEFG".into(), &pem).expect("a key");
        let now = Timestamp::from_seconds(1_767_225_600);
        let secret = signer.secret("https://appleid.apple.com", "com.example.postern.web", now).expect("signed");
        let parts: Vec<&str> = secret.expose_secret().split('.').collect();
        let read = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
        };
        assert_eq!(read(parts[0]), json!({"alg": "ES256", "kid": "ABC123DEFG"}));
        let claims = json!({"iss": "DEF123GHIJ", "iat": 1_767_225_600, "exp": 1_767_225_900,
                            "aud": "https://appleid.apple.com", "sub": "com.example.postern.web"});
        assert_eq!(read(parts[1]), claims);
        let message = format!("{}.{}", parts[0], parts[1]);
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64url");
        assert!(key.verify(message.as_bytes(), &signature).is_ok(), "64 raw bytes, no DER");
        assert_eq!(format!("{signer:?}"), "Signer");
    }

    #[test]
    fn what_is_no_key_of_that_kind_is_none() {
        for pem in
            ["", BEGIN, &format!("{BEGIN}{END}"), &format!("{BEGIN}\nAAAA\n{END}"), "-----BEGIN EC PRIVATE KEY-----"]
        {
            assert!(Signer::new(String::new(), String::new(), pem).is_none(), "{pem}");
        }
    }
}
