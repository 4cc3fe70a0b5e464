//! Changes of clients: add, rotate, remove. Each is one transaction with its audit row and the
//! row that tells every server to forget what it remembers of the client.

use std::sync::Arc;
use std::time::Duration;

use entity::client::{ActiveModel, Column, Entity};
use entity::{ClientId, Timestamp, TokenHash};
use futures_util::future::BoxFuture;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};

use super::client::{Client, ClientSecret, Origin, Secrets, client_id};
use super::metadata::Metadata;
use super::{Clients, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::database::Executor;

/// A client that was just added.
#[derive(Debug)]
pub struct Added {
    /// The client.
    pub client: Client,
    /// Its secret, to be shown once; none when its method needs none.
    pub secret: Option<Secret<ClientSecret>>,
}

impl Clients {
    /// Adds a client to the database.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the id or the metadata cannot stand,
    /// [`ErrorKind::Conflict`] when there is a client called `id`; when the database is away.
    pub async fn add(&self, id: ClientId, metadata: Metadata, actor: Actor) -> Result<Added> {
        let metadata = metadata.completed();
        check(&id, &metadata)?;
        if self.watched.current().get(&id).is_some() {
            return Err(Error::new(ErrorKind::Conflict, format!("The clients file declares a client {id} already.")));
        }
        let secret = metadata.has_secret().then(|| Secret::generate(&self.random));
        let hash = secret.as_ref().map(Secret::hash);
        let (secrets, created_at) = (Secrets { current: hash, previous: None }, Some(self.clock.now()));
        let client = Client { id, metadata, origin: Origin::Database, created_at, expires_at: None, secrets };
        let row = rows::row(&client)?;
        self.change(&client.id, EventKind::ClientAdded, actor, |tx, id| Box::pin(insert(tx, id, row))).await?;
        Ok(Added { client, secret })
    }

    /// Gives a client a new secret; the one from before opens for `keep_previous` more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an unknown client, [`ErrorKind::Conflict`] for one of the file
    /// or without a secret; when the database is away.
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        keep_previous: Duration,
        actor: Actor,
    ) -> Result<Secret<ClientSecret>> {
        self.refuse_declared(id)?;
        let secret = Secret::generate(&self.random);
        let (hash, now) = (secret.hash(), self.clock.now());
        self.change(id, EventKind::ClientSecretRotated, actor, move |tx, id| {
            Box::pin(rotate(tx, id, hash, keep_previous, now))
        })
        .await?;
        Ok(secret)
    }

    /// Removes a client, and with it in one transaction what `forget` takes away: whoever comes by its id
    /// later is somebody else.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for an unknown client, [`ErrorKind::Conflict`] for one of the file;
    /// when the database is away.
    pub(in crate::services) async fn remove<F>(&self, id: &ClientId, actor: Actor, forget: F) -> Result<()>
    where
        F: for<'c> FnOnce(&'c Executor<'c>, &'c ClientId) -> BoxFuture<'c, Result<()>> + Send + 'static,
    {
        self.refuse_declared(id)?;
        self.change(id, EventKind::ClientRemoved, actor, |tx, id| {
            Box::pin(async move {
                match Entity::delete_by_id(id.clone()).exec(tx).await?.rows_affected {
                    0 => Err(unknown(id)),
                    _ => forget(tx, id).await,
                }
            })
        })
        .await
    }

    fn refuse_declared(&self, id: &ClientId) -> Result<()> {
        if self.watched.current().get(id).is_none() {
            return Ok(());
        }
        let words = format!("The client {id} is declared in the clients file: change it there.");
        Err(Error::new(ErrorKind::Conflict, words))
    }

    /// Runs `work` on the client called `id` with what every change needs around it.
    async fn change<F>(&self, id: &ClientId, kind: EventKind, actor: Actor, work: F) -> Result<()>
    where
        F: for<'c> FnOnce(&'c Executor<'c>, &'c ClientId) -> BoxFuture<'c, Result<()>> + Send + 'static,
    {
        let (audit, shared, id) = (self.audit.clone(), Arc::clone(&self.shared), id.clone());
        let event = Event::new(kind).by(actor).with("client", id.as_str());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                work(tx, &id).await?;
                audit.record(tx, event).await?;
                shared.announce(tx, vec![rows::subject(&id)]).await
            })
        });
        self.shared.apply(&write.await?);
        Ok(())
    }
}

fn check(id: &ClientId, metadata: &Metadata) -> Result<()> {
    client_id(id.as_str()).map_err(|words| Error::new(ErrorKind::InvalidInput, words))?;
    let problems = metadata.problems();
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

pub(super) async fn insert(tx: &Executor<'_>, id: &ClientId, row: ActiveModel) -> Result<()> {
    let outcome = Entity::insert(row).on_conflict_do_nothing_on([Column::Id]).exec_without_returning(tx).await?;
    match outcome {
        TryInsertResult::Inserted(1..) => Ok(()),
        _ => Err(Error::new(ErrorKind::Conflict, format!("There is a client {id} already."))),
    }
}

/// One statement moves the secret aside, so that two rotations at once lose none of theirs.
async fn rotate(
    tx: &Executor<'_>,
    id: &ClientId,
    hash: TokenHash,
    keep_previous: Duration,
    now: Timestamp,
) -> Result<()> {
    let (previous, until) = if keep_previous.is_zero() {
        (Expr::value(None::<Vec<u8>>), None)
    } else {
        (Expr::col(Column::SecretHash), Some(now + keep_previous))
    };
    let moved = Entity::update_many()
        .col_expr(Column::PreviousSecretHash, previous)
        .col_expr(Column::PreviousSecretExpiresAt, Expr::value(until))
        .col_expr(Column::SecretHash, Expr::value(hash))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id.clone()))
        .filter(Column::SecretHash.is_not_null())
        .exec(tx)
        .await?;
    if moved.rows_affected > 0 {
        return Ok(());
    }
    match Entity::find_by_id(id.clone()).one(tx).await? {
        Some(_) => Err(Error::new(ErrorKind::Conflict, format!("The client {id} has no secret to rotate."))),
        None => Err(unknown(id)),
    }
}

fn unknown(id: &ClientId) -> Error {
    Error::new(ErrorKind::NotFound, format!("There is no client {id}."))
}
