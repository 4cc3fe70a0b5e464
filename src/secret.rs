//! Bearer secrets and the keys that guard them.
//!
//! A [`Secret`] is what a person's browser or a client holds; only its [`TokenHash`] goes further
//! than the request that brought it. A [`DerivedKey`] serves one purpose: each is derived from an
//! operator's secret with a label of its own (HKDF, RFC 5869), so that nothing made under one key
//! is ever good under another.

use std::fmt;
use std::marker::PhantomData;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::TokenHash;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::random::Random;

/// What a kind of secret begins with, so that a leaked one is recognised.
pub trait Kind {
    /// The first characters of every secret of this kind.
    const PREFIX: &'static str;
}

/// A random bearer secret of 256 bits: `[redacted]` in print, wiped when dropped.
pub struct Secret<K>(SecretString, PhantomData<K>);

impl<K: Kind> Secret<K> {
    /// A new one.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        let bytes = Zeroizing::new(random.bytes::<32>());
        let text = format!("{}{}", K::PREFIX, URL_SAFE_NO_PAD.encode(*bytes));
        Self(text.into(), PhantomData)
    }

    /// Reads one that came back; none when it cannot be one of this kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(K::PREFIX)?;
        let is_ours = random.len() == 43 && URL_SAFE_NO_PAD.decode(random).is_ok();
        is_ours.then(|| Self(text.into(), PhantomData))
    }

    /// Its hash. Plain SHA-256 is enough for 256 random bits.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        sha256(self.0.expose_secret().as_bytes())
    }

    /// The text itself, for the answer that hands it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<K> fmt::Debug for Secret<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> TokenHash {
    let hash = digest::digest(&digest::SHA256, bytes);
    TokenHash::new(hash.as_ref().try_into().unwrap_or_default())
}

/// Compares in a time that does not depend on the contents.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// A 256-bit key for one purpose.
pub struct DerivedKey {
    mac: hmac::Key,
    seal: LessSafeKey,
}

impl DerivedKey {
    /// The key for `purpose` under `master`, which is used as it is, byte for byte.
    #[must_use]
    pub fn derive(master: &[u8], purpose: &str) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern");
        let parent = salt.extract(master);
        let expand = |part: &str| {
            let mut key = Zeroizing::new([0; 32]);
            parent
                .expand(&[purpose.as_bytes(), b"/", part.as_bytes()], hkdf::HKDF_SHA256)
                .and_then(|output| output.fill(key.as_mut()))
                .expect("32 bytes are within what HKDF-SHA256 gives");
            key
        };
        let seal = UnboundKey::new(&AES_256_GCM, expand("seal").as_ref()).expect("AES-256 takes 32 bytes");
        Self { mac: hmac::Key::new(hmac::HMAC_SHA256, expand("mac").as_ref()), seal: LessSafeKey::new(seal) }
    }

    /// HMAC-SHA256 over `parts`, one after the other.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.mac);
        for part in parts {
            context.update(part);
        }
        context.sign().as_ref().try_into().unwrap_or_default()
    }

    /// A keyed hash, the form in which a bearer secret is kept.
    #[must_use]
    pub fn hash(&self, secret: &[u8]) -> TokenHash {
        TokenHash::new(self.mac(&[secret]))
    }

    /// Encrypts `plain`, bound to `context` (AES-256-GCM, a random nonce in front).
    #[must_use]
    pub fn seal(&self, random: &Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = random.bytes::<NONCE_LEN>();
        let mut sealed = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .expect("a message of ours is far below AES-GCM's limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what [`Self::seal`] made for the same `context`; none for anything else.
    #[must_use]
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let length = self.seal.open_in_place(nonce, Aad::from(context), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cookie;
    impl Kind for Cookie {
        const PREFIX: &'static str = "pst_";
    }

    #[test]
    fn a_secret_reads_back_and_prints_nothing() {
        let secret = Secret::<Cookie>::generate(&Random::system());
        assert_eq!(Secret::<Cookie>::parse(secret.expose()).map(|it| it.hash()), Some(secret.hash()));
        assert_eq!(format!("{secret:?}"), "[redacted]");
        for foreign in ["", "pst_", "other", &secret.expose()[1..], &format!("{}A", secret.expose())] {
            assert!(Secret::<Cookie>::parse(foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn sec_003_what_one_purpose_seals_or_signs_no_other_opens() {
        let random = Random::system();
        let (one, other) = (DerivedKey::derive(b"master", "one"), DerivedKey::derive(b"master", "other"));
        let sealed = one.seal(&random, b"row 1", b"plain");
        assert_eq!(one.open(b"row 1", &sealed).as_deref().map(Vec::as_slice), Some(b"plain".as_slice()));
        assert!(one.open(b"row 2", &sealed).is_none());
        assert!(other.open(b"row 1", &sealed).is_none());
        assert_ne!(one.mac(&[b"text"]), other.mac(&[b"text"]));
    }
}
