//! What happens to the grants of a client that changes or goes.

use entity::ClientId;
use entity::authorization_request as waiting;
use entity::consent;
use entity::device_code;
use entity::grant::{Column, Entity};
use entity::pushed_request as pushed;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Grants;
use crate::error::Result;
use crate::services::audit::Actor;
use crate::services::clients::Clients;
use crate::services::database::Executor;
use crate::services::shared::Subject;

impl Grants {
    /// Whether the client `id` is allowed anything by anybody, or holds a grant: a condition for a statement.
    #[must_use]
    pub(in crate::services) fn are_held_by(id: SimpleExpr) -> SimpleExpr {
        let one = || Query::select().expr(Expr::val(1)).to_owned();
        let its_consents = Expr::col((consent::Entity, consent::Column::ClientId)).eq(id.clone());
        let consents = one().from(consent::Entity).and_where(its_consents).to_owned();
        let its_grants = Expr::col((Entity, Column::ClientId)).eq(id);
        let grants = one().from(Entity).and_where(its_grants).to_owned();
        Expr::exists(consents).or(Expr::exists(grants))
    }

    /// Removes the client `id` with all that it was granted.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::NotFound`] for an unknown client, [`crate::error::ErrorKind::Conflict`] for one
    /// of the clients file; when the database is away.
    pub async fn remove_client(&self, clients: &Clients, id: &ClientId, actor: Actor) -> Result<()> {
        let grants = self.clone();
        let forget =
            clients.remove(id, actor, move |tx, id| Box::pin(async move { grants.forget_client(tx, id).await }));
        forget.await?;
        self.tell_soon();
        Ok(())
    }

    /// Ends what was granted to apps with a document that are declared by now: an operator who declares one, to
    /// keep it out say, means all of it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end_displaced(&self, clients: &Clients) -> Result<()> {
        for id in clients.displaced().await? {
            tracing::info!(client = %id, "declared by now: what it was granted as an app with a document ends");
            let (grants, clients) = (self.clone(), clients.clone());
            let pending = self.database.write(move |tx| {
                Box::pin(async move {
                    grants.forget_client(tx, &id).await?;
                    clients.forget_copy(tx, &id).await?;
                    grants.shared.announce(tx, vec![Subject::Client(id)]).await
                })
            });
            self.shared.apply(&pending.await?);
            self.tell_soon();
        }
        Ok(())
    }

    /// Has people asked again before `client` gets anything more, in the transaction `tx`: it is not
    /// what they agreed to any more. What is under way, codes included, has to be begun anew.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn ask_again(&self, tx: &Executor<'_>, client: &ClientId) -> Result<()> {
        let id = || client.clone();
        consent::Entity::delete_many().filter(consent::Column::ClientId.eq(id())).exec(tx).await?;
        waiting::Entity::delete_many().filter(waiting::Column::ClientId.eq(id())).exec(tx).await?;
        pushed::Entity::delete_many().filter(pushed::Column::ClientId.eq(id())).exec(tx).await?;
        device_code::Entity::delete_many().filter(device_code::Column::ClientId.eq(id())).exec(tx).await?;
        let is_unused = Column::CodeHash.is_not_null().and(Column::RedeemedAt.is_null());
        Entity::delete_many().filter(Column::ClientId.eq(id()).and(is_unused)).exec(tx).await?;
        Ok(())
    }

    /// Ends all that `client` was granted, and forgets what people allowed it, in the transaction `tx`.
    /// After the commit [`Self::tell_soon`] should be called.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn forget_client(&self, tx: &Executor<'_>, client: &ClientId) -> Result<()> {
        self.ask_again(tx, client).await?;
        let its_own = Column::ClientId.eq(client.clone());
        // Each has a session that was made for it alone.
        for device in Entity::find().filter(its_own.clone().and(Column::CodeHash.is_null())).all(tx).await? {
            self.remove(tx, &device).await?;
        }
        Entity::delete_many().filter(its_own).exec(tx).await?;
        Ok(())
    }
}
