//! Hashing and checking of passwords: Argon2id on a bounded pool of threads.
//!
//! A password is hashed in NFC, so that every keyboard makes the same bytes of it, and is neither
//! trimmed nor cut.

mod pool;
mod queue;
mod stored;
mod workspace;

pub use pool::Counts;

use std::sync::Arc;

use argon2::Argon2;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use self::pool::Pool;
use self::stored::{Stored, Typed};
use super::policy::{self, Demands, Strength};
use super::settings::Hashing;
use crate::error::{Error, FieldProblem, Result};
use crate::random::Random;

/// What the check of a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is the account's password.
    pub good: bool,
    /// It is, and its hash is weaker than new ones or another program's: hash it anew.
    pub needs_upgrade: bool,
}

/// Hashes and checks passwords. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    pool: Pool,
    argon2: Argon2<'static>,
    random: Random,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// When Argon2 does not take these costs, or the system gives no thread.
    pub fn start(hashing: &Hashing, random: Random) -> Result<Self> {
        let argon2 = stored::argon2id(hashing.memory_kib, hashing.iterations, hashing.parallelism);
        let argon2 = argon2.map_err(Error::internal)?;
        let blocks = argon2.params().block_count();
        let pool = Pool::start(hashing.threads, hashing.queue, blocks).map_err(Error::internal)?;
        Ok(Self(Arc::new(Inner { pool, argon2, random })))
    }

    /// Hashes a password for keeping, in PHC string format (Argon2id, a random salt of 16 bytes).
    ///
    /// # Errors
    /// [`InvalidInput`](crate::error::ErrorKind::InvalidInput) when it is too long,
    /// [`Unavailable`](crate::error::ErrorKind::Unavailable) at once when the queue is full.
    pub async fn hash(&self, password: &SecretString) -> Result<String> {
        let typed = typed(password)?;
        let argon2 = self.0.argon2.clone();
        let salt = self.0.random.bytes();
        let made = self.0.pool.run(move |workspace| stored::make(workspace, &argon2, salt, &typed.normal));
        made.await?.map_err(Error::internal)
    }

    /// Checks a password against an account's hash. Where there is none, or one that cannot be
    /// read, the work is that of a hash of ours and the answer no.
    ///
    /// # Errors
    /// As [`Self::hash`].
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<Verdict> {
        let typed = typed(password)?;
        let Inner { argon2, random, .. } = &*self.0;
        let stored = stored.and_then(|text| Stored::read(text, argon2));
        let stored = stored.unwrap_or_else(|| Stored::of_nobody(argon2, random));
        let is_current = stored.is_current();
        let good = self.0.pool.run(move |workspace| stored.verify(workspace, &typed)).await?;
        let good = good.map_err(Error::internal)?;
        Ok(Verdict { good, needs_upgrade: good && !is_current })
    }

    /// Judges a new password on the pool: the estimate can take as long as a hash. The inner
    /// refusal is the sentence for the person.
    ///
    /// # Errors
    /// [`Unavailable`](crate::error::ErrorKind::Unavailable) at once when the queue is full.
    pub async fn judge(&self, password: &SecretString, demands: Demands) -> Result<Result<Strength, String>> {
        if let Err(sentence) = demands.check_length(password.expose_secret()) {
            return Ok(Err(sentence));
        }
        let password = password.clone();
        self.0.pool.run(move |_| demands.judge(password.expose_secret())).await
    }

    /// How much was hashed, waits and was refused.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.pool.counts()
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hasher({:?})", self.counts())
    }
}

fn typed(password: &SecretString) -> Result<Typed> {
    let text = password.expose_secret();
    if policy::is_too_long(text) {
        let message = format!("Use at most {} characters.", policy::LONGEST);
        return Err(Error::invalid(vec![FieldProblem::new("password", message)]));
    }
    let normal = Zeroizing::new(text.nfc().collect::<String>().into_bytes());
    Ok(Typed { raw: Zeroizing::new(text.as_bytes().to_vec()), normal })
}

#[cfg(test)]
mod tests;
