//! Assertions that were used: each opens once, on whichever node (RFC 7523 section 3, `jti`).

use std::time::Duration;

use entity::ClientId;
use entity::spent_assertion::{ActiveModel, Column, Entity};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, TryInsertResult};

use super::Clients;
use super::assertion::Spending;
use crate::error::Result;
use crate::secret::sha256;
use crate::services::database::sweep;

/// How much longer than the assertion itself its id is kept: the clock of another node may be slow.
const KEPT: Duration = Duration::from_secs(60);

impl Clients {
    /// Spends an assertion of `client`; answers whether it was the first to do so.
    ///
    /// # Errors
    /// When the database is away: then nobody can tell, and nobody gets in.
    pub(super) async fn spend(&self, client: &ClientId, spending: &Spending<'_>) -> Result<bool> {
        // No id of a client holds a zero byte, so no two pairs make one text.
        let id = sha256(format!("{client}\0{}", spending.jti).as_bytes());
        let row = ActiveModel { id: Set(id), expires_at: Set(spending.expires_at + KEPT) };
        let insert = Entity::insert(row).on_conflict_do_nothing_on([Column::Id]);
        let write =
            self.database.write_statement(|tx| Box::pin(async move { Ok(insert.exec_without_returning(tx).await?) }));
        Ok(matches!(write.await?, TryInsertResult::Inserted(1..)))
    }

    /// Removes up to `most` ids of assertions that have expired; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_assertions(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}
