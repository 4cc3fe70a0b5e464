//! The keys in memory: read when something changed, opened once, asked without a read.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use entity::Timestamp;
use entity::signing_key::{Entity, Model};
use sea_orm::EntityTrait;
use tokio::time::Instant;

use super::pair::Pair;
use super::rows;
use super::schedule::{Term, signer};
use super::{Keys, SigningAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::services::shared::{Stamp, Subject};

/// How long a failed read, or one for a `kid` that nobody knows, stands for those that would follow.
const PAUSE: Duration = Duration::from_secs(1);

/// A published key.
#[derive(Debug)]
struct Held {
    term: Term,
    pair: Arc<Pair>,
}

impl AsRef<Term> for Held {
    fn as_ref(&self) -> &Term {
        &self.term
    }
}

/// The keys as they were read, with the state of things from before the read.
#[derive(Debug)]
pub(super) struct Snapshot {
    keys: Vec<Held>,
    pub(super) jwks: Bytes,
    stamp: Stamp<1>,
}

impl Snapshot {
    fn new(keys: Vec<Held>, stamp: Stamp<1>, now: Timestamp) -> Self {
        let published = keys.iter().filter(|it| is_published(&it.term, now));
        let published: Vec<&str> = published.map(|it| it.pair.jwk.as_str()).collect();
        let jwks = Bytes::from(format!(r#"{{"keys":[{}]}}"#, published.join(",")));
        Self { keys, jwks, stamp }
    }

    /// The key that signs with `algorithm` at `now`.
    pub(super) fn signer(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<Arc<Pair>> {
        signer(&self.keys, algorithm, now).map(|it| Arc::clone(&it.pair))
    }

    /// The key called `kid`, if it is published at `now`.
    fn published(&self, kid: &str, now: Timestamp) -> Option<Arc<Pair>> {
        let found = self.keys.iter().find(|it| it.term.kid == kid && is_published(&it.term, now));
        found.map(|it| Arc::clone(&it.pair))
    }

    fn pair(&self, kid: &str) -> Option<Arc<Pair>> {
        self.keys.iter().find(|it| it.term.kid == kid).map(|it| Arc::clone(&it.pair))
    }
}

fn is_published(term: &Term, now: Timestamp) -> bool {
    term.expires_at.is_none_or(|at| at > now)
}

/// When reads were tried that are not worth repeating at once.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    failed: Option<Instant>,
    /// For a `kid` that was not in memory.
    asked: Option<Instant>,
}

fn is_recent(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at.elapsed() < PAUSE)
}

impl Keys {
    /// The keys, read anew when they have changed.
    ///
    /// # Errors
    /// When they cannot be read or opened now.
    pub(super) async fn loaded(&self) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = self.remembered() {
            return Ok(snapshot);
        }
        let mut attempts = self.0.attempts.lock().await;
        if let Some(snapshot) = self.remembered() {
            return Ok(snapshot);
        }
        if is_recent(attempts.failed) {
            return Err(Error::busy(PAUSE));
        }
        self.read(&mut attempts).await.map(|(snapshot, _)| snapshot).map_err(hide)
    }

    /// The published key called `kid`. One that nobody knows costs one read a second at the most,
    /// however many strangers make them up.
    ///
    /// # Errors
    /// As [`Self::loaded`].
    pub(super) async fn published(&self, kid: &str) -> Result<Option<Arc<Pair>>> {
        let now = self.0.clock.now();
        let found = self.loaded().await?.published(kid, now);
        if found.is_some() || !could_be_ours(kid) {
            return Ok(found);
        }
        let mut attempts = self.0.attempts.lock().await;
        let found = self.remembered().and_then(|snapshot| snapshot.published(kid, now));
        if found.is_some() || is_recent(attempts.asked) {
            return Ok(found);
        }
        attempts.asked = Some(Instant::now());
        let (snapshot, _) = self.read(&mut attempts).await.map_err(hide)?;
        Ok(snapshot.published(kid, now))
    }

    /// Reads the keys, whatever is in memory; answers the rows.
    ///
    /// # Errors
    /// When the database is away; [`ErrorKind::Conflict`], in words for an operator, when a key was
    /// sealed under another key than ours.
    pub(super) async fn load(&self) -> Result<Vec<Model>> {
        let mut attempts = self.0.attempts.lock().await;
        self.read(&mut attempts).await.map(|(_, rows)| rows)
    }

    async fn read(&self, attempts: &mut Attempts) -> Result<(Arc<Snapshot>, Vec<Model>)> {
        // Taken before the read: a change that comes between the two makes the snapshot stale.
        let stamp = self.0.shared.stamp([&Subject::Keys]);
        let read = self.read_rows(stamp).await;
        attempts.failed = read.is_err().then(Instant::now);
        let (snapshot, rows) = read?;
        let snapshot = Arc::new(snapshot);
        *self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        Ok((snapshot, rows))
    }

    async fn read_rows(&self, stamp: Stamp<1>) -> Result<(Snapshot, Vec<Model>)> {
        let rows = Entity::find().all(self.0.database.read()).await?;
        let keys = self.clone();
        // To open an RSA key takes longer than a worker may be held up.
        let opened = tokio::task::spawn_blocking(move || keys.open(&rows, stamp).map(|snapshot| (snapshot, rows)));
        opened.await.map_err(Error::internal)?
    }

    fn open(&self, rows: &[Model], stamp: Stamp<1>) -> Result<Snapshot> {
        let known = self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone();
        let held = |(row, term): (&Model, Term)| {
            let pair = match known.as_ref().and_then(|known| known.pair(&row.id)) {
                Some(pair) => pair,
                None => Arc::new(self.0.seal.open(row, &term)?),
            };
            Ok(Held { term, pair })
        };
        let terms = rows.iter().filter_map(|row| Some((row, rows::term(row)?)));
        let mut keys = terms.map(held).collect::<Result<Vec<Held>>>()?;
        keys.sort_by_key(|it| (it.pair.algorithm.name(), it.term.created_at));
        Ok(Snapshot::new(keys, stamp, self.0.clock.now()))
    }

    /// What is in memory, as long as nothing has changed.
    fn remembered(&self) -> Option<Arc<Snapshot>> {
        let snapshot = self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone();
        snapshot.filter(|snapshot| self.0.shared.is_current(&snapshot.stamp))
    }
}

/// Whether `kid` has the form of a thumbprint.
fn could_be_ours(kid: &str) -> bool {
    kid.len() == 43 && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Words for an operator are not for whoever holds a token.
fn hide(error: Error) -> Error {
    match error.kind {
        ErrorKind::Conflict => Error::busy(PAUSE).because(error),
        _ => error,
    }
}
