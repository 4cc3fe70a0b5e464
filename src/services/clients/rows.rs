//! Clients as rows, and the bounded memory that saves reading them again.

use std::sync::Arc;

use entity::ClientId;
use entity::client::{ActiveModel, Model};
use moka::sync::Cache;
use sea_orm::ActiveValue::Set;

use super::client::{Client, Origin, Previous, Secrets};
use super::metadata::Metadata;
use crate::error::{Error, Result};
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

    /// Whether a client called `id` was seen and may have changed since.
    pub(super) fn is_outdated(&self, shared: &Shared, id: &ClientId) -> bool {
        self.known.get(id).is_some_and(|(stamp, _)| !shared.is_current(&stamp))
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

/// A row for `client`, which is new.
///
/// # Errors
/// Never: metadata has a form in JSON.
pub(super) fn row(client: &Client) -> Result<ActiveModel> {
    let now = client.created_at.unwrap_or_default();
    Ok(ActiveModel {
        id: Set(client.id.clone()),
        metadata: Set(text(&client.metadata)?),
        secret_hash: Set(client.secrets.current.clone()),
        previous_secret_hash: Set(None),
        previous_secret_expires_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        registration_hash: Set(None),
        expires_at: Set(client.expires_at),
    })
}

/// Metadata as it stands in a row.
///
/// # Errors
/// Never: metadata has a form in JSON.
pub(super) fn text(metadata: &Metadata) -> Result<String> {
    serde_json::to_string(metadata).map_err(Error::internal)
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
        origin: if row.registration_hash.is_some() { Origin::Registration } else { Origin::Database },
        created_at: Some(row.created_at),
        expires_at: row.expires_at,
        secrets: Secrets { current: row.secret_hash, previous },
    })
}
