//! What is true of this installation once for ever: that its first administrator was made, and
//! which issuer its people were given.

use entity::Timestamp;
use entity::fact::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::database::{Database, Executor};
use crate::error::Result;

const FIRST_ADMIN: &str = "first_admin";
const ISSUER: &str = "issuer";

/// Claims the place of the first administrator in the transaction `tx`. Exactly one caller in the
/// life of the installation is told yes.
///
/// # Errors
/// When the database is away.
pub async fn claim_first_admin(tx: &Executor<'_>, now: Timestamp) -> Result<bool> {
    state(tx, FIRST_ADMIN, String::new(), now).await
}

/// The issuer of the first start, which is `issuer` when this is the first start.
///
/// # Errors
/// When the database is away.
pub async fn first_issuer(database: &Database, issuer: &str, now: Timestamp) -> Result<String> {
    let ours = issuer.to_owned();
    database.write(move |tx| Box::pin(async move { state(tx, ISSUER, ours, now).await })).await?;
    let row = Entity::find_by_id(ISSUER).one(database.read()).await?;
    Ok(row.map_or_else(|| issuer.to_owned(), |row| row.value))
}

/// States a fact; answers whether it is new.
async fn state(tx: &Executor<'_>, name: &str, value: String, now: Timestamp) -> Result<bool> {
    let row = ActiveModel { name: Set(name.to_owned()), value: Set(value), since: Set(now) };
    let known = OnConflict::column(Column::Name).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(known).exec_without_returning(tx).await? == 1)
}
