//! What a refresh token is made of, and what a family says to one that comes back.
//!
//! A token holds its family's id, its generation, 256 random bits and a MAC over them. The row
//! keeps the generation, a keyed hash of the newest token, and the newest token itself sealed
//! under a key that only the one before it gives: so a repeat gets the same successor, while a
//! copy of the database opens nothing.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::refresh_family::Model as Family;
use entity::{RefreshFamilyId, Timestamp, TokenHash};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::random::Random;
use crate::secret::{DerivedKey, same};

const PREFIX: &str = "pst_rt_";
const BODY: usize = 16 + 4 + 32;
const LENGTH: usize = BODY + 32;

/// A genuine refresh token: its MAC has been checked.
pub(super) struct RefreshToken {
    pub(super) family: RefreshFamilyId,
    pub(super) generation: i32,
    pub(super) text: SecretString,
}

pub(super) struct Keys {
    mac: DerivedKey,
    hash: DerivedKey,
    parent: DerivedKey,
}

impl Keys {
    pub(super) fn new(secret: &[u8]) -> Self {
        let key = |purpose| DerivedKey::derive(secret, purpose);
        Self { mac: key("refresh token mac"), hash: key("refresh token hash"), parent: key("refresh token seal") }
    }

    /// A new token of `generation` in `family`.
    pub(super) fn make(&self, random: &Random, family: RefreshFamilyId, generation: i32) -> RefreshToken {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[..16].copy_from_slice(family.as_bytes());
        bytes[16..20].copy_from_slice(&generation.to_be_bytes());
        bytes[20..BODY].copy_from_slice(Zeroizing::new(random.bytes::<32>()).as_slice());
        let mac = self.mac.mac(&[&bytes[..BODY]]);
        bytes[BODY..].copy_from_slice(&mac);
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice())).into();
        RefreshToken { family, generation, text }
    }

    /// Reads a token that came back; none when its MAC is not ours.
    pub(super) fn read(&self, text: &str) -> Option<RefreshToken> {
        let encoded = text.strip_prefix(PREFIX)?;
        if encoded.len() != LENGTH.div_ceil(3) * 4 {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (body, mac) = bytes.split_at_checked(BODY)?;
        if !same(&self.mac.mac(&[body]), mac) {
            return None;
        }
        let family = RefreshFamilyId::from_bytes(body[..16].try_into().ok()?);
        let generation = i32::from_be_bytes(body[16..20].try_into().ok()?);
        Some(RefreshToken { family, generation, text: text.into() })
    }

    pub(super) fn hash(&self, token: &RefreshToken) -> TokenHash {
        self.hash.hash(token.text.expose_secret().as_bytes())
    }

    /// Seals `next` so that only `token`, the one before it, opens it.
    pub(super) fn seal(&self, random: &Random, token: &RefreshToken, next: &RefreshToken) -> Vec<u8> {
        self.seal_key(token).seal(random, next.family.as_bytes(), next.text.expose_secret().as_bytes())
    }

    /// The newest token of `family`, if `token` is the one before it.
    fn open(&self, family: &Family, token: &RefreshToken) -> Option<RefreshToken> {
        let plain = self.seal_key(token).open(family.id.as_bytes(), family.sealed.as_deref()?)?;
        let newest = self.read(std::str::from_utf8(&plain).ok()?)?;
        (newest.generation == family.generation && self.hash(&newest) == family.token_hash).then_some(newest)
    }

    fn seal_key(&self, token: &RefreshToken) -> DerivedKey {
        let secret = Zeroizing::new(self.parent.mac(&[token.text.expose_secret().as_bytes()]));
        DerivedKey::derive(secret.as_slice(), "sealed successor")
    }

    /// What `family` says to `token` at `now`.
    pub(super) fn judge(&self, family: &Family, token: RefreshToken, now: Timestamp, grace: Duration) -> Verdict {
        if family.expires_at <= now {
            return Verdict::Dead;
        }
        let in_grace = family.rotated_at.is_some_and(|at| now.since(at) < grace);
        if token.generation == family.generation {
            let is_newest = same(self.hash(&token).as_bytes(), family.token_hash.as_bytes());
            return match (is_newest, in_grace) {
                (false, _) => Verdict::Dead,
                (true, true) => Verdict::Newest(token),
                (true, false) => Verdict::Rotate(token),
            };
        }
        if token.generation > family.generation {
            // Genuine, but of a future that this database does not know: it was put back to an
            // older state. Nobody is harmed by refusing.
            return Verdict::Dead;
        }
        if token.generation + 1 == family.generation {
            let recoverable = !family.used && family.access_expires_at > now;
            return match (in_grace || recoverable, self.open(family, &token)) {
                (true, Some(newest)) => Verdict::SameSuccessor(newest),
                (false, Some(_)) => Verdict::Theft,
                (_, None) => Verdict::Dead,
            };
        }
        if in_grace { Verdict::Straggler } else { Verdict::Theft }
    }
}

/// What a family says to a genuine token.
pub(super) enum Verdict {
    /// It is the newest: replace it.
    Rotate(RefreshToken),
    /// It is the newest, made a moment ago: it stays.
    Newest(RefreshToken),
    /// It is the one before the newest, and the newest may not have arrived: here it is again.
    SameSuccessor(RefreshToken),
    /// It is old, but a moment ago it was not: many tabs at once.
    Straggler,
    /// It is old: somebody holds a copy.
    Theft,
    /// It opens nothing, and tells nothing.
    Dead,
}
