//! Clients that registered themselves and that nobody uses any more: they begin to wait for somebody, as those
//! do that nobody has let in yet, and are forgotten in the same way.
//!
//! Whether one is used is for those to say who keep what people granted; here it is a condition on a row.

use entity::client::{Column, Entity};
use entity::{ClientId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{Clients, rows};
use crate::error::Result;
use crate::services::shared::Subject;

impl Clients {
    /// The id of the client that a condition is about.
    pub(in crate::services) fn row_id() -> SimpleExpr {
        Expr::col((Entity, Column::Id))
    }

    /// Has up to `most` clients that registered themselves before `before`, were kept for good and are not `used`
    /// wait until `until`; answers how many.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn begin_to_wait(
        &self,
        used: SimpleExpr,
        before: Timestamp,
        until: Timestamp,
        most: u64,
    ) -> Result<u64> {
        let kept = Column::RegistrationHash.is_not_null().and(Column::ExpiresAt.is_null());
        let idle = kept.and(Column::CreatedAt.lte(before)).and(used.not());
        self.set_end(idle, Some(until), most).await
    }

    /// Keeps up to `most` clients for good again that wait and are `used` by now; answers how many.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn end_to_wait(&self, used: SimpleExpr, most: u64) -> Result<u64> {
        self.set_end(Column::ExpiresAt.gt(self.clock.now()).and(used), None, most).await
    }

    async fn set_end(&self, whose: SimpleExpr, end: Option<Timestamp>, most: u64) -> Result<u64> {
        let some = Entity::find().select_only().column(Column::Id).filter(whose.clone()).limit(most);
        let ids: Vec<ClientId> = some.into_tuple().all(self.database.read()).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let shared = self.shared.clone();
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                let theirs = Column::Id.is_in(ids.iter().cloned()).and(whose);
                let update = Entity::update_many().col_expr(Column::ExpiresAt, Expr::value(end)).filter(theirs);
                let changed = update.exec(tx).await?.rows_affected;
                let subjects: Vec<Subject> = ids.iter().map(rows::subject).collect();
                Ok((changed, shared.announce(tx, subjects).await?))
            })
        });
        let (changed, pending) = write.await?;
        self.shared.apply(&pending);
        Ok(changed)
    }
}
