//! Signed tokens of any content: by keys that clients have, and by the server's own.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern::secret::DerivedKey;
use postern::services::clients::SigningAlgorithm;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::TestServer;

/// A private key.
pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    pub(crate) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    pub(crate) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().expect("a key"))
    }

    /// The members of its public part (RFC 7517).
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": kid, "n": text(&numbers.n), "e": text(&numbers.e)})
            }
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// A JWS of exactly this header and these bytes; RSA signs as PS256 where the header says so.
    pub(crate) fn sign(&self, header: &Value, payload: &[u8]) -> String {
        let message = message(&header.to_string(), payload);
        let hash = digest(&SHA256, message.as_bytes());
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match header["alg"] == "PS256" {
                    true => pair.sign_digest(&RSA_PSS_SHA256, &hash, &mut signature).expect("signed"),
                    false => pair.sign_digest(&RSA_PKCS1_SHA256, &hash, &mut signature).expect("signed"),
                }
                signature
            }
            Self::Ec(pair) => pair.sign_digest(&hash).expect("signed").as_ref().to_vec(),
            Self::Ed(pair) => pair.try_sign(message.as_bytes()).expect("signed").as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and payload, as they are signed.
pub(crate) fn message(header: &str, payload: &[u8]) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

/// The server's own key that signs now, out of its database: what it signs is genuine, whatever it says.
pub(crate) struct OwnKey {
    pub(crate) key: Key,
    pub(crate) kid: String,
    algorithm: SigningAlgorithm,
}

impl OwnKey {
    pub(crate) async fn of(server: &TestServer, algorithm: SigningAlgorithm) -> Self {
        let sample = server.app.keys.sign(algorithm, "sample", &json!({})).await.expect("signed");
        let kid = jsonwebtoken::decode_header(&sample).expect("a header").kid.expect("a kid");
        let row = entity::signing_key::Entity::find_by_id(kid.clone()).one(server.app.database.read()).await;
        let row = row.expect("a read").expect("the key");
        let seal = DerivedKey::derive(server.app.config.encryption_key.expose(), "signing keys");
        let pkcs8 = seal.open(kid.as_bytes(), &row.private_sealed).expect("it opens");
        let key = match algorithm {
            SigningAlgorithm::Rs256 => Key::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).expect("a key")),
            SigningAlgorithm::Es256 => {
                Key::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).expect("a key"))
            }
            SigningAlgorithm::EdDsa => Key::Ed(Ed25519KeyPair::from_pkcs8(&pkcs8).expect("a key")),
        };
        Self { key, kid, algorithm }
    }

    /// The header of a token of ours.
    pub(crate) fn header(&self, typ: &str) -> Value {
        json!({"typ": typ, "alg": self.algorithm.name(), "kid": self.kid})
    }

    /// A token of ours in all but its content.
    pub(crate) fn token(&self, typ: &str, claims: &Value) -> String {
        self.key.sign(&self.header(typ), claims.to_string().as_bytes())
    }
}
