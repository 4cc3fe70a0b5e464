//! Clients for tests, on every kind of database.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::{ClientId, Timestamp};
use sea_orm::{ConnectionTrait, Statement};

use super::{AuthMethod, Clients, Introspect, Metadata, Settings};
use crate::clock::Clock;
use crate::error::ErrorKind;
use crate::random::Random;
use crate::services::audit::{Actor, Audit};
use crate::services::database::Database;
use crate::services::shared::Shared;
use crate::services::testing::outgoing;

pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Clients with a clock that can be moved.
pub(super) struct Node {
    pub(super) clients: Clients,
    pub(super) now: Arc<AtomicI64>,
}

impl std::ops::Deref for Node {
    type Target = Clients;
    fn deref(&self) -> &Clients {
        &self.clients
    }
}

pub(super) fn node(database: &Database, file: Option<&Path>) -> Node {
    let now = Arc::new(AtomicI64::new(1_000_000));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || Timestamp::from_millis(shown.load(Ordering::Relaxed)));
    let random = Random::system();
    let audit = Audit::new(database.clone(), clock.clone(), random.clone(), DAY);
    let shared = Arc::new(Shared::new(clock.clone()));
    let settings = Settings { file: file.map(Path::to_owned), ..Settings::default() };
    let clients = Clients::new(database.clone(), shared, audit, clock, random, outgoing(), settings);
    let clients = clients.expect("the file is good");
    Node { clients, now }
}

pub(super) fn chat() -> Metadata {
    Metadata { introspect: Some(Introspect::All), ..Metadata::default() }
}

pub(super) async fn add(node: &Node, id: &str, metadata: Metadata) -> String {
    let added = node.add(ClientId::new(id), metadata, Actor::Command).await.expect("it is added");
    added.secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

pub(super) async fn opens(node: &Node, id: &str, secret: &str, method: AuthMethod) -> bool {
    match node.authenticate(id, secret, method).await {
        Ok(client) => client.id.as_str() == id,
        Err(error) => {
            assert_eq!(
                (error.kind, error.detail.as_ref()),
                (ErrorKind::InvalidClient, "Client authentication failed.")
            );
            false
        }
    }
}

pub(super) async fn column(database: &Database, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(database.read().get_database_backend(), sql);
    let rows = database.read().query_all_raw(statement).await.expect("the query is good");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}
