//! Keys as rows: sealed, opened, and read as places in time.

use entity::signing_key::{ActiveModel, Model};
use sea_orm::ActiveValue::Set;
use zeroize::Zeroizing;

use super::SigningAlgorithm;
use super::pair::Pair;
use super::schedule::Term;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use crate::secret::DerivedKey;

/// What private keys are sealed under.
#[derive(Debug)]
pub(super) struct Seal {
    pub(super) current: DerivedKey,
    /// The one from before a change of `POSTERN_ENCRYPTION_KEY`: it still opens.
    pub(super) previous: Option<DerivedKey>,
}

impl Seal {
    pub(super) fn seal(&self, random: &Random, kid: &str, pkcs8: &[u8]) -> Vec<u8> {
        self.current.seal(random, kid.as_bytes(), pkcs8)
    }

    /// The key pair of a row.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`], in words for an operator, when it was sealed under another key.
    pub(super) fn open(&self, row: &Model, term: &Term) -> Result<Pair> {
        let seals = std::iter::once(&self.current).chain(&self.previous);
        let opened = seals.filter_map(|seal| seal.open(row.id.as_bytes(), &row.private_sealed)).next();
        opened.and_then(|pkcs8| Pair::open(term.algorithm, &pkcs8)).ok_or_else(|| unopened(&row.id))
    }

    /// The row's private key under the seal of today, where it stands under the one from before.
    pub(super) fn renew(&self, random: &Random, row: &Model) -> Option<Vec<u8>> {
        let open =
            |seal: &DerivedKey| -> Option<Zeroizing<Vec<u8>>> { seal.open(row.id.as_bytes(), &row.private_sealed) };
        let previous = self.previous.as_ref()?;
        if open(&self.current).is_some() {
            return None;
        }
        Some(self.seal(random, &row.id, &open(previous)?))
    }
}

fn unopened(kid: &str) -> Error {
    let words = format!(
        "The signing key {kid} cannot be opened: it was sealed under another POSTERN_ENCRYPTION_KEY. Start with that \
         one, or name it in POSTERN_ENCRYPTION_KEY_PREVIOUS. If it is lost, give up each key that `postern keys list` \
         shows, by `postern keys rotate --compromised KID`: what they signed is dead then."
    );
    Error::new(ErrorKind::Conflict, words)
}

/// A new key, sealed.
#[derive(Debug)]
pub(super) struct Fresh {
    pub(super) kid: String,
    pub(super) algorithm: SigningAlgorithm,
    jwk: String,
    sealed: Vec<u8>,
}

impl Fresh {
    /// One for `algorithm`. Holds its thread up for as long as an RSA key takes.
    ///
    /// # Errors
    /// When the cryptographic library cannot make one.
    pub(super) fn make(algorithm: SigningAlgorithm, seal: &Seal, random: &Random) -> Result<Self> {
        let pkcs8 = Pair::generate(algorithm)?;
        let pair = Pair::open(algorithm, &pkcs8).ok_or_else(|| Error::internal("a new signing key does not open"))?;
        let sealed = seal.seal(random, &pair.kid, &pkcs8);
        Ok(Self { kid: pair.kid, algorithm, jwk: pair.jwk, sealed })
    }

    pub(super) fn row(self, term: &Term) -> ActiveModel {
        ActiveModel {
            id: Set(self.kid),
            algorithm: Set(self.algorithm.name().to_owned()),
            private_sealed: Set(self.sealed),
            public_jwk: Set(self.jwk),
            ..times(term)
        }
    }
}

/// The moments of `term`, to be written.
pub(super) fn times(term: &Term) -> ActiveModel {
    ActiveModel {
        created_at: Set(term.created_at),
        signs_from: Set(term.signs_from),
        retired_at: Set(term.retired_at),
        expires_at: Set(term.expires_at),
        ..ActiveModel::default()
    }
}

/// The place in time of a row; none, and a line in the log, when a newer release made a key of a kind
/// that this one does not know.
pub(super) fn term(row: &Model) -> Option<Term> {
    let Ok(algorithm) = row.algorithm.parse() else {
        tracing::warn!(kid = %row.id, algorithm = %row.algorithm, "a signing key is of no kind that is known here; it is left out");
        return None;
    };
    let Model { id: kid, created_at, signs_from, retired_at, expires_at, .. } = row.clone();
    Some(Term { kid, algorithm, created_at, signs_from, retired_at, expires_at })
}
