//! Proven identities that wait until whoever has the account of their address has come in the old way:
//! a row each, for one account and the browser that brought them (SEC-106).

use entity::UserId;
use entity::connector_flow::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::Connectors;
use super::flow::LASTS;
use super::upstream::Arrival;
use crate::error::{Error, Result};
use crate::secret::{Kind, Secret};
use crate::services::users::{ADMIN, User};

/// The key of such a row; it stands in the address.
#[derive(Debug)]
pub struct LinkKey;

impl Kind for LinkKey {
    const PREFIX: &'static str = "pst_cl_";
}

/// An identity that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Who the provider says it is, and their session over there.
    pub arrival: Arrival,
    /// The account that it would open.
    pub user: UserId,
    /// The address of that account, in its canonical form, when the identity was proven.
    email: String,
    /// Where the person was going: a path of ours.
    pub return_to: String,
}

impl Kept {
    /// Whoever came by `arrival` and waits for `user`.
    #[must_use]
    pub fn new(arrival: Arrival, user: &User, return_to: String) -> Self {
        Self { arrival, user: user.id, email: user.email_canonical.clone(), return_to }
    }

    /// Whether it may open the account of `user`: that one, with the address that it had.
    #[must_use]
    pub fn is_for(&self, user: &User) -> bool {
        self.user == user.id && self.email == user.email_canonical
    }

    /// Whether the provider vouches for the very address that nobody has confirmed here: then whoever
    /// made the account may be somebody else, who knew the address and no more. Never an administrator's.
    #[must_use]
    pub fn may_claim(&self, user: &User) -> bool {
        let is_open = !user.email_verified && !user.roles.contains(ADMIN);
        self.is_for(user) && is_open && self.arrival.profile.vouches_for(&user.email_canonical)
    }
}

impl Connectors {
    /// Keeps `kept` for the browser that holds `browser`; answers its key.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn keep(&self, kept: &Kept, browser: &str) -> Result<Secret<LinkKey>> {
        let key = Secret::<LinkKey>::generate(&self.parts.random);
        let plain = serde_json::to_vec(kept).map_err(Error::internal)?;
        let row = ActiveModel {
            sealed: Set(self.parts.seal.seal(&self.parts.random, key.hash().as_bytes(), &plain)),
            id: Set(key.hash()),
            connector: Set(kept.arrival.profile.who.connector.clone()),
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

    /// What `key` keeps for the browser that holds `browser`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn kept(&self, key: &Secret<LinkKey>, browser: &str) -> Result<Option<Kept>> {
        let row = Entity::find().filter(self.its_own(key, browser)).one(self.parts.database.read()).await?;
        Ok(row.and_then(|row| self.open(key, &row)))
    }

    /// Takes it away; nobody gets it a second time.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn take_kept(&self, key: &Secret<LinkKey>, browser: &str) -> Result<Option<Kept>> {
        let take = Entity::delete_many().filter(self.its_own(key, browser));
        let write = self
            .parts
            .database
            .write_statement(|tx| Box::pin(async move { take.exec_with_returning(tx).await.map_err(Error::from) }));
        Ok(write.await?.into_iter().next().and_then(|row| self.open(key, &row)))
    }

    fn its_own(&self, key: &Secret<LinkKey>, browser: &str) -> Condition {
        let browser = self.parts.seal.hashes(browser.as_bytes());
        let own = Column::Id.eq(key.hash()).and(Column::Browser.is_in(browser));
        Condition::all().add(own).add(Column::ExpiresAt.gt(self.parts.clock.now()))
    }

    fn open(&self, key: &Secret<LinkKey>, row: &Model) -> Option<Kept> {
        let plain = self.parts.seal.open(key.hash().as_bytes(), &row.sealed)?;
        serde_json::from_slice(&plain).ok()
    }
}
