//! Clients that nobody declared: met by reading their documents, and remembered.
//!
//! A person is sent on only by what a document says now. Whoever was let in before goes on by the copy that
//! was kept then while the document cannot be read, so that the host of an app may be away.

use std::sync::Arc;
use std::time::Duration;

use entity::client_document::{ActiveModel, Column, Entity};
use entity::{ClientId, Timestamp, client};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::calls::{Call, Calls};
use super::remote::{Held, Remote, unreadable};
use super::{Client, Clients, WebUri, document};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::database::{Executor, sweep};
use crate::services::outgoing::{Document, Outgoing};
use crate::services::shared::Limit;

/// The largest document that is read, in bytes: what section 6.6 of the draft recommends.
const LARGEST: usize = 5 << 10;
/// How many documents are remembered: 5 MiB of the largest.
const MOST: u64 = 1024;
/// For how long a document is believed that does not say so, and at least and at most whatever it says.
const FRESH: Duration = Duration::from_secs(3600);
const FRESHEST: Duration = Duration::from_secs(60);
const STALEST: Duration = Duration::from_secs(24 * 3600);
/// How often one network may have us call addresses that nobody declared.
const PER_NETWORK: Limit = Limit { max: 30, window: Duration::from_secs(60) };
/// How much longer than what was granted by it a copy is kept.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Documents by address.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    clients: Remote<Client>,
    outgoing: Outgoing,
    calls: Calls,
    is_on: bool,
    resources: Arc<[WebUri]>,
}

impl Documents {
    pub(super) fn new(outgoing: Outgoing, clock: Clock, is_on: bool, resources: Vec<WebUri>) -> Self {
        let (clients, calls) = (Remote::new(MOST, clock), Calls::default());
        Self { clients, outgoing, calls, is_on, resources: resources.into() }
    }

    /// What the operator opens to apps that nobody declared.
    pub(super) fn resources(&self) -> &[WebUri] {
        &self.resources
    }

    /// What calls addresses that nobody declared.
    pub(super) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// Whether `id` is the address of a document, where that counts.
    pub(super) fn may_describe(&self, id: &ClientId) -> bool {
        self.is_on && document::is_address(id.as_str())
    }

    /// The client called `id` as it was last read, if nobody needs to look again at `now`.
    pub(super) fn fresh(&self, id: &ClientId, now: Timestamp) -> Option<Arc<Client>> {
        let held = self.clients.held(id.as_str()).filter(|held| self.is_on && now < held.fresh_until)?;
        Some(held.value)
    }
}

impl Clients {
    /// The client called `id`, for a person whom it sends here: one that nobody declared is asked for its
    /// document where that was not read lately. None when there is no such client, or its document cannot
    /// be read now or is not what it should be; why is for the log alone.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] for a flood from one network, [`ErrorKind::Unavailable`] for a flood
    /// from everywhere; when the database is away.
    pub async fn meet(&self, id: &ClientId, caller: &Caller) -> Result<Option<Arc<Client>>> {
        match self.declared(id).await? {
            None if self.documents.may_describe(id) => Box::pin(self.read_document(id, caller)).await,
            found => Ok(found),
        }
    }

    /// As [`Self::meet`], for what a client does on its own: where its document cannot be read the copy stands
    /// in that was kept when a person let it in.
    ///
    /// # Errors
    /// As [`Self::meet`].
    pub(super) async fn meet_again(&self, id: &ClientId, caller: &Caller) -> Result<Option<Arc<Client>>> {
        // Where nothing was read because too much is, no copy stands in: whoever has a proof that the document
        // does not name any more would choose when it counts.
        match self.meet(id, caller).await? {
            None if self.documents.may_describe(id) => self.copied(id).await,
            found => Ok(found),
        }
    }

    async fn read_document(&self, id: &ClientId, caller: &Caller) -> Result<Option<Arc<Client>>> {
        if let Some(client) = self.documents.fresh(id, self.clock.now()) {
            return Ok(Some(client));
        }
        let documents = self.documents.clone();
        let (outgoing, resources, named) = (documents.outgoing, documents.resources, id.clone());
        let begin = || {
            let call = self.may_call(caller)?;
            Ok(async move {
                let read = outgoing.get_document(named.as_str(), LARGEST).await;
                drop(call);
                let Document { body, fresh } = read?;
                let client = document::read(&named, &body, &resources);
                let client = client.map_err(|words| unreadable("the document", &words))?;
                Ok((client, fresh.unwrap_or(FRESH).clamp(FRESHEST, STALEST)))
            })
        };
        let held = documents.clients.read_again(id.as_str(), begin).await?;
        let now = self.clock.now();
        Ok(held.filter(|held| now < held.fresh_until).map(|held| held.value))
    }

    /// Counts a call to an address that nobody declared against the network of `caller`, who has it made.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`], [`ErrorKind::Unavailable`]: it is not to be made now.
    pub(super) fn may_call(&self, caller: &Caller) -> Result<Call> {
        let call = self.documents.calls.begin(caller.network())?;
        let network = format!("client documents/{}", caller.network());
        let counted = self.shared.counters.hit(&network, PER_NETWORK);
        counted.map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))?;
        Ok(call)
    }

    /// The client called `id` as its document was when it was read last; nothing is read elsewhere for it.
    pub(super) async fn copied(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        if let Some(Held { value, .. }) = self.documents.clients.held(id.as_str()) {
            return Ok(Some(value));
        }
        let row = Entity::find_by_id(id.clone()).one(self.database.read()).await?;
        let Some(row) = row.filter(|row| row.expires_at > self.clock.now()) else { return Ok(None) };
        let said = serde_json::from_str(&row.metadata).map_err(Error::internal)?;
        let client = document::of(id, said, &self.documents.resources);
        Ok(Some(self.documents.clients.adopt(id.as_str(), client, row.read_at)))
    }

    /// Keeps a copy of what `client` says of itself for as long as what a person grants it now may last, which
    /// is `lasts` at most; nothing for one that is declared.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn keep_copy(&self, client: &Client, lasts: Duration) -> Result<()> {
        if !client.is_described() {
            return Ok(());
        }
        let now = self.clock.now();
        let row = ActiveModel {
            id: Set(client.id.clone()),
            metadata: Set(serde_json::to_string(&client.metadata).map_err(Error::internal)?),
            read_at: Set(now),
            expires_at: Set(now + lasts + DAY),
        };
        let again = OnConflict::column(Column::Id)
            .update_columns([Column::Metadata, Column::ReadAt, Column::ExpiresAt])
            .to_owned();
        let insert = Entity::insert(row).on_conflict(again);
        let write =
            self.database.write_statement(|tx| Box::pin(async move { Ok(insert.exec_without_returning(tx).await?) }));
        write.await.map(|_| ())
    }

    /// The apps with a document that somebody here has declared since a person let them in: whoever is called so
    /// today is another, and was granted nothing of it.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn displaced(&self) -> Result<Vec<ClientId>> {
        let declared = self.watched.current();
        let declared = declared.iter().map(|client| client.id.clone()).filter(|id| document::is_address(id.as_str()));
        let added = client::Entity::find().select_only().column(client::Column::Id).into_query();
        let is_declared = Column::Id.is_in(declared).or(Column::Id.in_subquery(added));
        let copies = Entity::find().select_only().column(Column::Id).filter(is_declared);
        Ok(copies.into_tuple().all(self.database.read()).await?)
    }

    /// Forgets the copy of the document `id` in the transaction `tx`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn forget_copy(&self, tx: &Executor<'_>, id: &ClientId) -> Result<()> {
        Entity::delete_by_id(id.clone()).exec(tx).await?;
        Ok(())
    }

    /// Removes up to `most` copies whose time is over; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_documents(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}
