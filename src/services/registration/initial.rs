//! Tokens that let a client register itself (RFC 7591 section 3): made from the shell, kept as hashes,
//! good for so many uses within so long.

use std::time::Duration;

use entity::initial_access_token::{ActiveModel, Column, Entity};
use entity::{Timestamp, TokenHash};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::clock::{Clock, rfc3339};
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use crate::secret::{Kind, Secret};
use crate::services::audit::{Actor, Audit, Event, EventKind};
use crate::services::database::{Database, Executor, sweep};

/// What a client shows to register itself.
#[derive(Debug)]
pub struct InitialToken;

impl Kind for InitialToken {
    const PREFIX: &'static str = "pst_ia_";
}

/// The tokens.
#[derive(Clone, Debug)]
pub struct InitialTokens {
    /// Rows.
    pub database: Database,
    /// The audit.
    pub audit: Audit,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl InitialTokens {
    /// A new token for `uses` registrations within the time that it `lives`; answers until when.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn make(&self, uses: i32, lives: Duration, actor: Actor) -> Result<(Secret<InitialToken>, Timestamp)> {
        let (token, now, audit) =
            (Secret::<InitialToken>::generate(&self.random), self.clock.now(), self.audit.clone());
        let expires_at = now + lives;
        let row = ActiveModel {
            id: Set(token.hash()),
            uses_left: Set(uses),
            created_at: Set(now),
            expires_at: Set(expires_at),
        };
        let event = Event::new(EventKind::RegistrationTokenMade)
            .by(actor)
            .with("uses", uses)
            .with("until", rfc3339(expires_at));
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                Entity::insert(row).exec_without_returning(tx).await?;
                audit.record(tx, event).await
            })
        });
        write.await?;
        Ok((token, expires_at))
    }

    /// Whether `token` would let somebody register now. Only [`Self::spend`] decides.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn is_good(&self, token: &TokenHash) -> Result<bool> {
        let found = Entity::find().filter(self.good(token)).one(self.database.read()).await?;
        Ok(found.is_some())
    }

    /// Takes one use of `token` in the transaction `tx`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidToken`] when it has none left; when the database is away.
    pub(super) async fn spend(&self, tx: &Executor<'_>, token: &TokenHash) -> Result<()> {
        let spent = Entity::update_many()
            .col_expr(Column::UsesLeft, Expr::col(Column::UsesLeft).sub(1))
            .filter(self.good(token))
            .exec(tx)
            .await?;
        if spent.rows_affected == 1 { Ok(()) } else { Err(refused()) }
    }

    fn good(&self, token: &TokenHash) -> SimpleExpr {
        let lives = Column::UsesLeft.gt(0).and(Column::ExpiresAt.gt(self.clock.now()));
        Column::Id.eq(token.clone()).and(lives)
    }

    /// Removes up to `most` tokens that have expired; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}

pub(super) fn refused() -> Error {
    Error::new(ErrorKind::InvalidToken, "The initial access token is none, is used up, or has expired.")
}
