//! Clients as rows, and the bounded memory that saves reading them again.

use std::sync::Arc;

use entity::ClientId;
use entity::client::Model;
use moka::sync::Cache;

use super::client::{Client, Origin, Previous, Secrets};
use crate::services::shared::{Shared, Stamp, Subject};

/// How many clients are remembered.
const KNOWN: u64 = 10_000;
/// How many ids are remembered for having no client.
const UNKNOWN: u64 = 1_000;

/// What was read, each with the state of things from before the read. The ids that strangers make
/// up have a memory of their own, so that they drive out nobody.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    known: Cache<ClientId, (Stamp<1>, Arc<Client>)>,
    unknown: Cache<ClientId, Stamp<1>>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self { known: Cache::new(KNOWN), unknown: Cache::new(UNKNOWN) }
    }

    /// What is known of `id`: nothing, that there is no such client, or the client.
    pub(super) fn recall(&self, shared: &Shared, id: &ClientId) -> Option<Option<Arc<Client>>> {
        if let Some((stamp, client)) = self.known.get(id) {
            return shared.is_current(&stamp).then_some(Some(client));
        }
        let stamp = self.unknown.get(id)?;
        shared.is_current(&stamp).then_some(None)
    }

    /// Remembers what was read after `stamp` was taken.
    pub(super) fn keep(&self, id: &ClientId, stamp: Stamp<1>, found: Option<Arc<Client>>) {
        match found {
            Some(client) => {
                self.unknown.invalidate(id);
                self.known.insert(id.clone(), (stamp, client));
            }
            None => {
                self.known.invalidate(id);
                self.unknown.insert(id.clone(), stamp);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> u64 {
        self.known.run_pending_tasks();
        self.unknown.run_pending_tasks();
        self.known.entry_count() + self.unknown.entry_count()
    }
}

/// What a change of `id` is announced as.
pub(super) fn subject(id: &ClientId) -> Subject {
    Subject::Client(id.clone())
}

/// The client of a row; none, and a line in the log, when a newer release wrote words into it that
/// this one does not know: such a client must wait for the newer release.
pub(super) fn client(row: Model) -> Option<Client> {
    let metadata = match serde_json::from_str(&row.metadata) {
        Ok(metadata) => metadata,
        Err(error) => {
            tracing::error!(client = %row.id, %error, "the client's metadata cannot be read; it is left out");
            return None;
        }
    };
    let previous = row.previous_secret_hash.map(|hash| Previous { hash, until: row.previous_secret_expires_at });
    Some(Client {
        id: row.id,
        metadata,
        origin: Origin::Database,
        created_at: Some(row.created_at),
        secrets: Secrets { current: row.secret_hash, previous },
    })
}
