//! What seals and hashes what is kept, across a change of the operator's key.

use entity::TokenHash;
use zeroize::Zeroizing;

use crate::random::Random;
use crate::secret::DerivedKey;

/// A key for one purpose, and the one from before `POSTERN_ENCRYPTION_KEY` changed, which still opens.
#[derive(Debug)]
pub struct Sealing {
    /// What seals.
    pub current: DerivedKey,
    /// What else opens.
    pub previous: Option<DerivedKey>,
}

impl Sealing {
    fn keys(&self) -> impl Iterator<Item = &DerivedKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    pub(super) fn seal(&self, random: &Random, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.current.seal(random, context, plain)
    }

    pub(super) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.keys().find_map(|key| key.open(context, sealed))
    }

    pub(super) fn hash(&self, secret: &[u8]) -> TokenHash {
        self.current.hash(secret)
    }

    /// Every form in which the hash of `secret` may be kept, that of now first.
    pub(super) fn hashes(&self, secret: &[u8]) -> Vec<TokenHash> {
        self.keys().map(|key| key.hash(secret)).collect()
    }
}
