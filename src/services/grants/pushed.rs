//! Pushed authorization requests (RFC 9126): named once, for a short while.

use std::time::Duration;

use entity::pushed_request::{ActiveModel, Column, Entity};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::Grants;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::sweep;
use crate::services::shared::Limit;

/// How long a pushed request may be named (RFC 9126 section 4 recommends a short time).
const LIVES: Duration = Duration::from_secs(90);

/// How many requests public clients may push from one network: nobody knows who that is.
const PER_NETWORK: Limit = Limit { max: 600, window: Duration::from_secs(600) };

/// The longest request that is kept, in bytes: as long as one in an address may be.
const LONGEST: usize = 16 << 10;

/// The `request_uri` of a pushed request (RFC 9126 section 2.2).
#[derive(Debug)]
pub struct PushedKey;

impl Kind for PushedKey {
    const PREFIX: &'static str = "urn:ietf:params:oauth:request_uri:";
}

impl Grants {
    /// Keeps the parameters that `client` has pushed; answers their name and how long it lives. What a client
    /// pushes that has not proven itself counts against the network of `caller`.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] for a flood from one network, [`ErrorKind::InvalidRequest`] for a request
    /// that is too long; when the database is away.
    pub async fn push(
        &self,
        client: &Client,
        parameters: &[(String, String)],
        caller: &Caller,
    ) -> Result<(Secret<PushedKey>, Duration)> {
        if client.is_public() {
            let network = format!("pushed requests/{}", caller.network());
            let counted = self.shared.counters.hit(&network, PER_NETWORK);
            counted.map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))?;
        }
        let parameters = serde_json::to_string(parameters).map_err(Error::internal)?;
        if parameters.len() > LONGEST {
            return Err(Error::new(ErrorKind::InvalidRequest, "The request is longer than 16 KiB."));
        }
        let key = Secret::<PushedKey>::generate(&self.random);
        let row = ActiveModel {
            id: Set(key.hash()),
            client_id: Set(client.id.clone()),
            parameters: Set(parameters),
            expires_at: Set(self.clock.now() + LIVES),
        };
        let insert = Entity::insert(row);
        let write = self.database.write_statement(|tx| {
            Box::pin(async move { insert.exec_without_returning(tx).await.map(|_| ()).map_err(Error::from) })
        });
        write.await?;
        Ok((key, LIVES))
    }

    /// Takes the parameters that `client` has pushed under `name`: the first to ask gets them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn pull(&self, client: &Client, name: &Secret<PushedKey>) -> Result<Option<Vec<(String, String)>>> {
        let its_own = Column::Id
            .eq(name.hash())
            .and(Column::ClientId.eq(client.id.clone()))
            .and(Column::ExpiresAt.gt(self.clock.now()));
        let read = Entity::find().filter(its_own.clone()).one(self.database.read()).await?;
        let Some(row) = read else { return Ok(None) };
        let delete = Entity::delete_many().filter(its_own);
        let gone = self
            .database
            .write_statement(|tx| Box::pin(async move { Ok(delete.exec(tx).await?.rows_affected) }))
            .await?;
        match gone {
            1 => serde_json::from_str(&row.parameters).map(Some).map_err(Error::internal),
            _ => Ok(None),
        }
    }

    /// Removes up to `most` pushed requests whose time is over; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_pushed(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}
