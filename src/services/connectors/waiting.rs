//! What waits for a browser to come back: a row each, sealed, found by the hash of a key that the browser
//! carries, and only for the one that holds what the row was made for. Whoever takes it out first has it,
//! on whichever node.

use entity::connector_flow::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Connectors;
use super::flow::LASTS;
use crate::error::{Error, Result};
use crate::secret::{Kind, Secret};

impl Connectors {
    /// Puts `what` of the connector `connector` down for the browser that holds `browser`; answers its key.
    pub(super) async fn put<K: Kind>(
        &self,
        connector: &str,
        browser: &str,
        what: &(impl Serialize + Sync),
    ) -> Result<Secret<K>> {
        let key = Secret::<K>::generate(&self.parts.random);
        let plain = serde_json::to_vec(what).map_err(Error::internal)?;
        let row = ActiveModel {
            sealed: Set(self.parts.seal.seal(&self.parts.random, key.hash().as_bytes(), &plain)),
            id: Set(key.hash()),
            connector: Set(connector.to_owned()),
            browser: Set(self.parts.seal.hash(browser.as_bytes())),
            expires_at: Set(self.parts.clock.now() + LASTS),
        };
        let insert = Entity::insert(row);
        let write = self.parts.database.write_statement(|tx| {
            Box::pin(async move { insert.exec_without_returning(tx).await.map(|_| ()).map_err(Error::from) })
        });
        write.await?;
        Ok(key)
    }

    /// What waits under `key` for the browser that holds `browser`; it stays there.
    pub(super) async fn peek<K: Kind, T: DeserializeOwned>(&self, key: &Secret<K>, browser: &str) -> Result<Option<T>> {
        let row = Entity::find().filter(self.its_own(key, browser)).one(self.parts.database.read()).await?;
        Ok(row.and_then(|row| self.open(key, &row)))
    }

    /// Takes it out, and only where it is of `connector`, if that is given; nobody gets it a second time.
    pub(super) async fn take_out<K: Kind, T: DeserializeOwned>(
        &self,
        key: &Secret<K>,
        browser: &str,
        connector: Option<&str>,
    ) -> Result<Option<T>> {
        let of_connector = connector.map(|id| Column::Connector.eq(id));
        let take = Entity::delete_many().filter(self.its_own(key, browser).add_option(of_connector));
        let write = self
            .parts
            .database
            .write_statement(|tx| Box::pin(async move { take.exec_with_returning(tx).await.map_err(Error::from) }));
        Ok(write.await?.into_iter().next().and_then(|row| self.open(key, &row)))
    }

    fn its_own<K: Kind>(&self, key: &Secret<K>, browser: &str) -> Condition {
        Condition::all()
            .add(Column::Id.eq(key.hash()))
            .add(Column::Browser.is_in(self.parts.seal.hashes(browser.as_bytes())))
            .add(Column::ExpiresAt.gt(self.parts.clock.now()))
    }

    /// None where it was sealed under a key that nobody names any more: it has to be begun again.
    fn open<K: Kind, T: DeserializeOwned>(&self, key: &Secret<K>, row: &Model) -> Option<T> {
        let plain = self.parts.seal.open(key.hash().as_bytes(), &row.sealed)?;
        serde_json::from_slice(&plain).ok()
    }
}
