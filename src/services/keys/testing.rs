//! Keys for tests, on every kind of database.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::Timestamp;
use entity::signing_key::{Entity, Model};
use sea_orm::EntityTrait;

use super::pair::Pair;
use super::{Keys, Parts, Settings, SigningAlgorithm};
use crate::clock::Clock;
use crate::random::Random;
use crate::secret::DerivedKey;
use crate::services::audit::Audit;
use crate::services::database::Database;
use crate::services::shared::Shared;

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const TOKEN: Duration = Duration::from_secs(3600);

/// One node, with a clock that can be moved.
pub(super) struct Node {
    pub(super) keys: Keys,
    pub(super) shared: Arc<Shared>,
    pub(super) now: Arc<AtomicI64>,
}

impl std::ops::Deref for Node {
    type Target = Keys;
    fn deref(&self) -> &Keys {
        &self.keys
    }
}

impl Node {
    /// One that has not looked at its keys yet; what it keeps is sealed under `secret`.
    pub(super) fn sealing(database: &Database, secret: &str, previous: Option<&str>) -> Self {
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let shown = Arc::clone(&now);
        let clock = Clock::from_fn(move || Timestamp::from_millis(shown.load(Ordering::SeqCst)));
        let (random, shared) = (Random::system(), Arc::new(Shared::new(clock.clone())));
        let seal = |secret: &str| DerivedKey::derive(secret.as_bytes(), "signing keys");
        let parts = Parts {
            database: database.clone(),
            shared: Arc::clone(&shared),
            audit: Audit::new(database.clone(), clock.clone(), random.clone(), DAY),
            clock,
            random,
            seal: seal(secret),
            previous_seal: previous.map(seal),
        };
        let settings = Settings { rotation: Some(90 * DAY), longest_token: TOKEN };
        Self { keys: Keys::new(parts, settings), shared, now }
    }

    /// One that is ready.
    pub(super) async fn ready(database: &Database) -> Self {
        let node = Self::sealing(database, "a secret", None);
        node.maintain().await.expect("it is ready");
        node
    }

    pub(super) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).expect("a short time"), Ordering::SeqCst);
    }

    /// The pair that signs now.
    pub(super) async fn pair(&self, algorithm: SigningAlgorithm) -> Arc<Pair> {
        self.loaded().await.expect("keys").signer(algorithm, self.0.clock.now()).expect("a signer")
    }

    /// Whether a token of the kind `at+jwt` is genuine here.
    pub(super) async fn knows(&self, token: &str) -> bool {
        self.verify(token, "at+jwt").await.expect("an answer").is_some()
    }

    /// A token of the kind `at+jwt`.
    pub(super) async fn token(&self, algorithm: SigningAlgorithm) -> String {
        self.sign(algorithm, "at+jwt", &serde_json::json!({"sub": "ada"})).await.expect("signed")
    }
}

pub(super) async fn rows(database: &Database) -> Vec<Model> {
    Entity::find().all(database.read()).await.expect("the rows")
}
