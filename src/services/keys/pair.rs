//! One key pair: made, opened, and used. Its private part leaves it only as PKCS #8, to be sealed.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use aws_lc_rs::{digest, rsa::KeySize};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::SigningAlgorithm;
use crate::error::{Error, Result};
use crate::secret::sha256;

/// What is said when the library cannot do what it always can.
const REFUSED: &str = "the cryptographic library refused a key of ours";

enum Private {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key pair, parsed once: the library would take longer to parse one than to use it.
pub(super) struct Pair {
    pub(super) algorithm: SigningAlgorithm,
    /// The thumbprint of the public part (RFC 7638): a key is called by what it is.
    pub(super) kid: String,
    /// The public part as a JWK (RFC 7517), in print.
    pub(super) jwk: String,
    private: Private,
    public: ParsedPublicKey,
}

impl Pair {
    /// A new private key for `algorithm`, as PKCS #8. An RSA key takes a tenth of a second or more.
    ///
    /// # Errors
    /// When the library cannot make one.
    pub(super) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>> {
        let refused = |_| Error::internal(REFUSED);
        let pkcs8 = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(refused)?;
                der.as_ref().to_vec()
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
                pair.to_pkcs8v1().map_err(refused)?.as_ref().to_vec()
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(refused)?;
                pair.to_pkcs8v1().map_err(refused)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(pkcs8))
    }

    /// Reads what [`Self::generate`] made; none for anything else.
    pub(super) fn open(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        let (private, public, members) = match algorithm {
            SigningAlgorithm::Rs256 => rsa(pkcs8)?,
            SigningAlgorithm::Es256 => ec(pkcs8)?,
            SigningAlgorithm::EdDsa => ed(pkcs8)?,
        };
        // The members of a thumbprint are the required ones, by name, without blanks (RFC 7638 section 3).
        let required = members.join(",");
        let kid = URL_SAFE_NO_PAD.encode(sha256(format!("{{{required}}}").as_bytes()).as_bytes());
        let jwk = format!(r#"{{{required},"use":"sig","alg":"{algorithm}","kid":"{kid}"}}"#);
        Some(Self { algorithm, kid, jwk, private, public })
    }

    /// The signature over `message`, in the form that JWS wants (RFC 7518 sections 3.3 and 3.4, RFC 8037).
    ///
    /// # Errors
    /// When the library refuses.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let refused = |_| Error::internal(REFUSED);
        let hash = || digest::digest(&digest::SHA256, message);
        match &self.private {
            Private::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, &hash(), &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Private::Ec(pair) => Ok(pair.sign_digest(&hash()).map_err(refused)?.as_ref().to_vec()),
            Private::Ed(pair) => Ok(pair.try_sign(message).map_err(refused)?.as_ref().to_vec()),
        }
    }

    /// Whether this key signed `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}

type Parts = (Private, ParsedPublicKey, Vec<String>);

fn rsa(pkcs8: &[u8]) -> Option<Parts> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).ok()?;
    let numbers = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let members = vec![member("e", &numbers.e), text("kty", "RSA"), member("n", &numbers.n)];
    Some((Private::Rsa(pair), public, members))
}

fn ec(pkcs8: &[u8]) -> Option<Parts> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
    let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).ok()?;
    // An uncompressed point: the sign of that, then both coordinates (SEC 1 section 2.3.3).
    let (x, y) = pair.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
    let members = vec![text("crv", "P-256"), text("kty", "EC"), member("x", x), member("y", y)];
    Some((Private::Ec(pair), public, members))
}

fn ed(pkcs8: &[u8]) -> Option<Parts> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).ok()?;
    let public = ParsedPublicKey::new(&ED25519, pair.public_key().as_ref()).ok()?;
    let members = vec![text("crv", "Ed25519"), text("kty", "OKP"), member("x", pair.public_key().as_ref())];
    Some((Private::Ed(pair), public, members))
}

fn member(name: &str, bytes: &[u8]) -> String {
    text(name, &URL_SAFE_NO_PAD.encode(bytes))
}

fn text(name: &str, value: &str) -> String {
    format!(r#""{name}":"{value}""#)
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pair({} {})", self.algorithm, self.kid)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
    use jsonwebtoken::{Algorithm, DecodingKey};

    use super::*;

    fn made(algorithm: SigningAlgorithm) -> Pair {
        Pair::open(algorithm, &Pair::generate(algorithm).expect("a key")).expect("what was made opens")
    }

    /// Another reader of the specifications agrees on the JWK, the thumbprint and the signature.
    #[test]
    fn another_library_reads_the_public_part_and_the_signature() {
        for (ours, theirs) in [
            (SigningAlgorithm::Rs256, Algorithm::RS256),
            (SigningAlgorithm::Es256, Algorithm::ES256),
            (SigningAlgorithm::EdDsa, Algorithm::EdDSA),
        ] {
            let pair = made(ours);
            let jwk: Jwk = serde_json::from_str(&pair.jwk).expect("a JWK");
            assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint"), pair.kid, "{ours}");
            assert_eq!(jwk.common.key_id.as_ref(), Some(&pair.kid));
            let signature = URL_SAFE_NO_PAD.encode(pair.sign(b"message").expect("signed"));
            let key = DecodingKey::from_jwk(&jwk).expect("a public key");
            for (message, is_genuine) in [(b"message", true), (b"massage", false)] {
                let read = jsonwebtoken::crypto::verify(&signature, message, &key, theirs);
                assert_eq!(read.expect("an answer"), is_genuine, "{ours}");
            }
        }
    }

    #[test]
    fn sec_080_nothing_private_is_in_the_jwk_or_in_print() {
        for algorithm in SigningAlgorithm::ALL {
            let pkcs8 = Pair::generate(*algorithm).expect("a key");
            let pair = Pair::open(*algorithm, &pkcs8).expect("a pair");
            let jwk: serde_json::Value = serde_json::from_str(&pair.jwk).expect("JSON");
            let members: Vec<&str> = jwk.as_object().expect("an object").keys().map(String::as_str).collect();
            let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
            assert!(members.iter().all(|member| public.contains(member)), "{members:?}");
            assert_eq!(format!("{pair:?}"), format!("Pair({algorithm} {})", pair.kid));
        }
    }

    #[test]
    fn what_was_never_made_does_not_open() {
        let pkcs8 = Pair::generate(SigningAlgorithm::EdDsa).expect("a key");
        assert!(Pair::open(SigningAlgorithm::Es256, &pkcs8).is_none());
        assert!(Pair::open(SigningAlgorithm::EdDsa, &pkcs8[1..]).is_none());
    }
}
