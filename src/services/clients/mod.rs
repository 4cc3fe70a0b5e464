//! Clients (relying parties): who they are, what they may, and the proof that it is them.
//!
//! A client is declared in `POSTERN_CLIENTS_FILE` or added to the database by command; the file
//! wins where both name one. Nothing here asks what a grant or an endpoint does with a client:
//! all that is declared is checked, typed and kept. To add a key of metadata: a field of
//! [`Metadata`] and its line in `declared.rs`.

mod change;
mod client;
mod credentials;
mod declared;
mod file;
mod jwks;
mod metadata;
mod rows;
mod scope;
mod settings;
mod table;
mod uri;
mod vocabulary;
mod watch;

pub use super::keys::SigningAlgorithm;
pub use change::Added;
pub use client::{Client, ClientSecret, Origin, client_id};
pub use credentials::{Credentials, presented};
pub use file::{FileClients, load};
pub use jwks::Jwks;
pub use metadata::Metadata;
pub use scope::ScopeList;
pub use settings::Settings;
pub use uri::{RedirectUri, WebUri, host_of};
pub use vocabulary::{AccessTokenKind, AuthMethod, GrantType, Introspect, ResponseType, SubjectType};

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::ClientId;
use entity::client::Entity;
use sea_orm::EntityTrait;

use super::audit::Audit;
use super::database::Database;
use super::shared::Shared;
use crate::clock::Clock;
use crate::error::{ErrorKind, Result};
use crate::random::Random;
use crate::secret::sha256;
use client::Secrets;
use rows::Memory;
use watch::Watched;

/// The clients of the file and of the database.
#[derive(Clone, Debug)]
pub struct Clients {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    clock: Clock,
    random: Random,
    watched: Arc<Watched>,
    memory: Memory,
}

impl Clients {
    /// Reads the clients file, where `settings` name one.
    ///
    /// # Errors
    /// Every problem of the file, as a sentence each.
    pub fn new(
        database: Database,
        shared: Arc<Shared>,
        audit: Audit,
        clock: Clock,
        random: Random,
        settings: Settings,
    ) -> Result<Self, Vec<String>> {
        let watched = Arc::new(Watched::open(settings.file)?);
        Ok(Self { database, shared, audit, clock, random, watched, memory: Memory::new() })
    }

    /// The client called `id`. A client that was seen before costs no read until it changes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        if let Some(client) = self.watched.current().get(id) {
            return Ok(Some(client));
        }
        // Nobody was ever declared by such an id, and a database may choke on it (a zero byte).
        if !client::is_client_id(id.as_str()) {
            return Ok(None);
        }
        if let Some(found) = self.memory.recall(&self.shared, id) {
            return Ok(found);
        }
        // On the heap: who is remembered has no use for its room.
        Box::pin(self.fetch(id)).await
    }

    async fn fetch(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        let stamp = self.shared.stamp([&rows::subject(id)]);
        let row = Entity::find_by_id(id.clone()).one(self.database.read()).await?;
        let found = row.and_then(rows::client).map(Arc::new);
        self.memory.keep(id, stamp, found.clone());
        Ok(found)
    }

    /// The client that `id` and `secret` prove, presented by `method` (RFC 6749 section 2.3.1).
    ///
    /// Whoever fails learns nothing about why, neither by the answer nor by the work done: one
    /// look-up, one hash and two comparisons for each.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`] for an unknown or public client, a wrong secret, or a method
    /// that is not the client's own; when the database is away.
    pub async fn authenticate(&self, id: &str, secret: &str, method: AuthMethod) -> Result<Arc<Client>> {
        let found = self.find(&ClientId::new(id)).await?;
        let presented = sha256(secret.as_bytes());
        let nobody = Secrets::default();
        let secrets = found.as_ref().map_or(&nobody, |client| &client.secrets);
        let opens = secrets.open_for(&presented, self.clock.now());
        let is_its_own =
            |client: &Arc<Client>| opens && client.has_secret() && client.token_endpoint_auth_method == method;
        found.filter(is_its_own).ok_or_else(|| ErrorKind::InvalidClient.into())
    }

    /// The public client called `id`: it can prove nothing, and needs not (RFC 6749 section 2.3).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidClient`] for an unknown one, and for one that has to prove itself.
    pub async fn public(&self, id: &str) -> Result<Arc<Client>> {
        let found = self.find(&ClientId::new(id)).await?;
        found.filter(|client| client.is_public()).ok_or_else(|| ErrorKind::InvalidClient.into())
    }

    /// Every client, by id. One that stands in the file and in the database is listed as the file
    /// has it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self) -> Result<Vec<Arc<Client>>> {
        let rows = Entity::find().all(self.database.read()).await?;
        let added = rows.into_iter().filter_map(rows::client).map(|client| (client.id.clone(), Arc::new(client)));
        let mut clients: BTreeMap<ClientId, Arc<Client>> = added.collect();
        clients.extend(self.watched.current().iter().map(|client| (client.id.clone(), client.clone())));
        Ok(clients.into_values().collect())
    }
}

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod uri_tests;
#[cfg(test)]
mod watch_tests;
