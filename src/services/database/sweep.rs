//! Removing expired rows, a bounded number at a time.

use sea_orm::sea_query::{Query, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Database;
use crate::error::Result;

/// Deletes up to `most` rows for which `expired` holds; answers how many went. The condition must
/// stand on an indexed column.
///
/// # Errors
/// When the database is away.
pub async fn sweep<E>(database: &Database, _: E, key: E::Column, expired: SimpleExpr, most: u64) -> Result<u64>
where
    E: EntityTrait,
{
    let doomed = Query::select().column(key).from(E::default()).and_where(expired.clone()).limit(most).to_owned();
    let deletion = E::delete_many().filter(key.in_subquery(doomed)).filter(expired);
    database.write_statement(move |tx| Box::pin(async move { Ok(deletion.exec(tx).await?.rows_affected) })).await
}
