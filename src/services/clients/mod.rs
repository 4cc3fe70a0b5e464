//! Clients (relying parties): who they are, what they may, and the proof that it is them.
//!
//! A client is declared in `POSTERN_CLIENTS_FILE`, added to the database by command, or registered
//! by itself (`services/registration`); the file wins where it names one too. Where the operator lets
//! them, others come with a document about themselves. Nothing here asks what a grant or an endpoint does
//! with a client:
//! all that is declared is checked, typed and kept. To add a key of metadata: a field of
//! [`Metadata`] and its line in `declared.rs`.

mod assertion;
mod calls;
mod change;
mod client;
mod credentials;
mod declared;
mod document;
mod documents;
mod file;
mod idle;
mod jwks;
mod key_sets;
mod metadata;
mod pages;
mod proof;
mod registered;
mod remote;
mod rows;
mod scope;
mod sector;
mod settings;
mod spent;
mod table;
pub mod unvouched;
mod uri;
mod vocabulary;
mod watch;

pub use super::keys::SigningAlgorithm;
pub use change::Added;
pub use client::{Client, ClientSecret, Origin, client_id};
pub use credentials::{ASSERTION_TYPE, Brought, Credentials, presented};
pub use document::read as read_document;
pub use file::{FileClients, load};
pub use jwks::Jwks;
pub use metadata::Metadata;
pub use pages::{About, OwnPage};
pub(in crate::services) use registered::Replaced;
pub use registered::{Registered, RegistrationToken};
pub use scope::ScopeList;
pub use settings::Settings;
pub use uri::{RedirectUri, WebUri, host_of, with_query};
pub use vocabulary::{
    AccessTokenKind, ApplicationType, AssertionAlgorithm, AuthMethod, GrantType, Introspect, ResponseType, SubjectType,
};

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::ClientId;
use entity::client::Entity;
use sea_orm::EntityTrait;

use super::audit::Audit;
use super::database::Database;
use super::outgoing::Outgoing;
use super::shared::Shared;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use documents::Documents;
use key_sets::KeySets;
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
    key_sets: KeySets,
    documents: Documents,
}

impl Clients {
    /// Reads the clients file, where `settings` name one; what clients keep elsewhere is read by `outgoing`.
    ///
    /// # Errors
    /// Every problem of the file, as a sentence each.
    pub fn new(
        database: Database,
        shared: Arc<Shared>,
        audit: Audit,
        clock: Clock,
        random: Random,
        outgoing: Outgoing,
        settings: Settings,
    ) -> Result<Self, Vec<String>> {
        let Settings { file, documents, open_resources } = settings;
        let watched = Arc::new(Watched::open(file)?);
        let key_sets = KeySets::new(outgoing.clone(), clock.clone());
        let documents = Documents::new(outgoing, clock.clone(), documents, open_resources);
        Ok(Self { database, shared, audit, clock, random, watched, memory: Memory::new(), key_sets, documents })
    }

    /// The client called `id`; one that nobody declared as it was known last. A client that was seen before
    /// costs no read until it changes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        match self.declared(id).await? {
            // On the heap: who is declared has no use for its room.
            None if self.documents.may_describe(id) => Box::pin(self.copied(id)).await,
            found => Ok(found),
        }
    }

    /// The client that is declared by the name of `id`.
    async fn declared(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        if let Some(found) = self.remembered(id) {
            return Ok(found);
        }
        // On the heap: who is remembered has no use for its room.
        Box::pin(self.fetch(id)).await
    }

    async fn fetch(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        let stamp = self.shared.stamp([&rows::subject(id)]);
        let row = Entity::find_by_id(id.clone()).one(self.database.read()).await?;
        let mut found = row.and_then(rows::client);
        if let Some(client) = found.as_mut().filter(|client| client.is_unvouched()) {
            client.metadata.resources = self.documents.resources().to_vec();
        }
        let found = found.map(Arc::new);
        self.memory.keep(id, stamp, found.clone());
        Ok(found.filter(|client| self.is_kept(client)))
    }

    /// What is known of `id` without a read: a client, or that there is none.
    fn remembered(&self, id: &ClientId) -> Option<Option<Arc<Client>>> {
        if let Some(client) = self.watched.current().get(id) {
            return Some(Some(client));
        }
        // Nobody was ever declared by such an id, and a database may choke on it (a zero byte).
        if !client::is_client_id(id.as_str()) {
            return Some(None);
        }
        let known = self.memory.recall(&self.shared, id)?;
        Some(known.filter(|client| self.is_kept(client)))
    }

    /// Whether `client` is not one whose time is over, although its row may still be there.
    fn is_kept(&self, client: &Client) -> bool {
        client.expires_at.is_none_or(|end| self.clock.now() < end)
    }

    /// Every client, by id. One that stands in the file and in the database is listed as the file
    /// has it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self) -> Result<Vec<Arc<Client>>> {
        let rows = Entity::find().all(self.database.read()).await?;
        let added = rows.into_iter().filter_map(rows::client).filter(|client| self.is_kept(client));
        let added = added.map(|client| (client.id.clone(), Arc::new(client)));
        let mut clients: BTreeMap<ClientId, Arc<Client>> = added.collect();
        clients.extend(self.watched.current().iter().map(|client| (client.id.clone(), client.clone())));
        Ok(clients.into_values().collect())
    }
}

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod credentials_tests;
#[cfg(test)]
mod declared_tests;
#[cfg(test)]
mod document_tests;
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
