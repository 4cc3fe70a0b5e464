//! What is true of this installation once for ever: that its first administrator was made, which
//! issuer its people were given, and what their pairwise ids are made with.

use entity::Timestamp;
use entity::fact::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::database::{Database, Executor};
use crate::error::{Error, Result};

const FIRST_ADMIN: &str = "first_admin";
const ISSUER: &str = "issuer";
const PAIRWISE_SALT: &str = "pairwise_salt";

/// Claims the place of the first administrator in the transaction `tx`. Exactly one caller in the
/// life of the installation is told yes.
///
/// # Errors
/// When the database is away.
pub async fn claim_first_admin(tx: &Executor<'_>, now: Timestamp) -> Result<bool> {
    state(tx, FIRST_ADMIN, String::new(), now).await
}

/// The issuer that people were given first: `issuer`, where there was none or nobody is there yet to
/// have been given one (`is_empty`).
///
/// # Errors
/// When the database is away.
pub async fn first_issuer(database: &Database, issuer: &str, is_empty: bool, now: Timestamp) -> Result<String> {
    if is_empty {
        let forget = Entity::delete_by_id(ISSUER);
        let write = database
            .write_statement(|tx| Box::pin(async move { forget.exec(tx).await.map(|_| ()).map_err(Error::from) }));
        write.await?;
    }
    settle(database, ISSUER, issuer.to_owned(), now).await
}

/// What pairwise ids are made with (OpenID Connect Core section 8.1): `fresh` where there was none.
/// A lost or changed one would make strangers of everybody.
///
/// # Errors
/// When the database is away.
pub async fn pairwise_salt(database: &Database, fresh: String, now: Timestamp) -> Result<String> {
    settle(database, PAIRWISE_SALT, fresh, now).await
}

/// The value of the fact called `name`, which is `ours` when nobody stated it before, on any node.
async fn settle(database: &Database, name: &'static str, ours: String, now: Timestamp) -> Result<String> {
    database.write(move |tx| Box::pin(async move { state(tx, name, ours, now).await })).await?;
    let row = Entity::find_by_id(name).one(database.read()).await?;
    row.map(|row| row.value).ok_or_else(|| Error::internal(format!("the fact {name} was stated and is not there")))
}

/// States a fact; answers whether it is new.
async fn state(tx: &Executor<'_>, name: &str, value: String, now: Timestamp) -> Result<bool> {
    let row = ActiveModel { name: Set(name.to_owned()), value: Set(value), since: Set(now) };
    let known = OnConflict::column(Column::Name).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(known).exec_without_returning(tx).await? == 1)
}
