//! Clients that registered themselves, as rows (RFC 7591, RFC 7592). Whether one may is decided in
//! `services/registration`; nothing here reaches a client that was declared in another way.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::client::{Column, Entity};
use entity::{ClientId, Timestamp, TokenHash};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::client::{Client, ClientSecret, Origin, Secrets, is_client_id};
use super::metadata::Metadata;
use super::{Clients, change, rows};
use crate::error::{Error, Result};
use crate::secret::{Kind, Secret, same, sha256};
use crate::services::database::{Executor, sweep};
use crate::services::shared::Subject;

/// What a client manages its own registration with (RFC 7592 section 1.2).
#[derive(Debug)]
pub struct RegistrationToken;

impl Kind for RegistrationToken {
    const PREFIX: &'static str = "pst_ra_";
}

/// A client that has registered itself.
#[derive(Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its secret, to be shown once; none when its method needs none.
    pub secret: Option<Secret<ClientSecret>>,
    /// What it manages itself with, to be shown once.
    pub token: Secret<RegistrationToken>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::services) enum Replaced {
    /// It holds.
    Done,
    /// The client has another secret by now than it was read with, so nothing was changed.
    Overtaken,
    /// There is no such client any more.
    Gone,
}

impl Clients {
    /// A new client of `metadata` under an id of ours; nothing of it is kept yet.
    pub(in crate::services) fn invent(&self, metadata: Metadata, expires_at: Option<Timestamp>) -> Registered {
        let id = ClientId::new(format!("app_{}", URL_SAFE_NO_PAD.encode(self.random.bytes::<16>())));
        let secret = metadata.has_secret().then(|| Secret::generate(&self.random));
        let secrets = Secrets { current: secret.as_ref().map(Secret::hash), previous: None };
        let created_at = Some(self.clock.now());
        let client = Client { id, metadata, origin: Origin::Registration, created_at, expires_at, secrets };
        Registered { client, secret, token: Secret::generate(&self.random) }
    }

    /// Keeps `client`, which manages itself with what `token` is the hash of, in the transaction `tx`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn insert_registered(
        &self,
        tx: &Executor<'_>,
        client: &Client,
        token: TokenHash,
    ) -> Result<()> {
        let mut row = rows::row(client)?;
        row.registration_hash = Set(Some(token));
        change::insert(tx, &client.id, row).await
    }

    /// How many clients wait for their first person, each of which does so `long`.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn count_waiting(&self, tx: &Executor<'_>, long: Duration) -> Result<u64> {
        let (now, new) = (self.clock.now(), Expr::col(Column::ExpiresAt).sub(Expr::col(Column::CreatedAt)));
        // Others had one before, and wait longer.
        let new = new.lte(i64::try_from(long.as_millis()).map_err(Error::internal)?);
        Ok(Entity::find().filter(Column::ExpiresAt.gt(now).and(new)).count(tx).await?)
    }

    /// The client `id`, if it registered itself and manages itself with `token`. Read anew each time.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn registered(
        &self,
        id: &ClientId,
        token: &Secret<RegistrationToken>,
    ) -> Result<Option<Client>> {
        if !is_client_id(id.as_str()) || self.watched.current().get(id).is_some() {
            return Ok(None);
        }
        let row = Entity::find().filter(its_own(id, token)).one(self.database.read()).await?;
        Ok(row.and_then(rows::client).filter(|client| self.is_kept(client)))
    }

    /// A new secret for `client` where `metadata` needs one and it has none.
    pub(in crate::services) fn missing_secret(
        &self,
        client: &Client,
        metadata: &Metadata,
    ) -> Option<Secret<ClientSecret>> {
        let lacks = metadata.has_secret() && client.secrets.current.is_none();
        lacks.then(|| Secret::generate(&self.random))
    }

    /// Gives `client` other metadata in the transaction `tx`, and `secret` where it gets a new one; one
    /// that needs none any more loses its own. Only while it still has the secret that it was read with: of two
    /// changes at once that make one each, a secret that was handed out would be dead.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn replace_registered(
        &self,
        tx: &Executor<'_>,
        client: &Client,
        token: &Secret<RegistrationToken>,
        secret: Option<TokenHash>,
    ) -> Result<Replaced> {
        let mut update = Entity::update_many()
            .col_expr(Column::Metadata, Expr::value(rows::text(&client.metadata)?))
            .col_expr(Column::UpdatedAt, Expr::value(self.clock.now()));
        if secret.is_some() || !client.has_secret() {
            update = update
                .col_expr(Column::SecretHash, Expr::value(secret))
                .col_expr(Column::PreviousSecretHash, Expr::value(None::<Vec<u8>>))
                .col_expr(Column::PreviousSecretExpiresAt, Expr::value(None::<Timestamp>));
        }
        let its_own = its_own(&client.id, token);
        let as_read = match &client.secrets.current {
            Some(hash) => Column::SecretHash.eq(hash.clone()),
            None => Column::SecretHash.is_null(),
        };
        if update.filter(its_own.clone().and(as_read)).exec(tx).await?.rows_affected == 1 {
            return Ok(Replaced::Done);
        }
        let is_there = Entity::find().filter(its_own).count(tx).await? > 0;
        Ok(if is_there { Replaced::Overtaken } else { Replaced::Gone })
    }

    /// Removes the client `id` in the transaction `tx`; answers whether it was there.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn remove_registered(
        &self,
        tx: &Executor<'_>,
        id: &ClientId,
        token: &Secret<RegistrationToken>,
    ) -> Result<bool> {
        Ok(Entity::delete_many().filter(its_own(id, token)).exec(tx).await?.rows_affected == 1)
    }

    /// Keeps the client `id` for good, in the transaction `tx`, where it has waited for a person; answers what must be forgotten.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn let_in(&self, tx: &Executor<'_>, id: &ClientId) -> Result<Option<Subject>> {
        let waits = Column::Id.eq(id.clone()).and(Column::ExpiresAt.gt(self.clock.now()));
        let kept = Entity::update_many().col_expr(Column::ExpiresAt, Expr::value(None::<Timestamp>)).filter(waits);
        Ok((kept.exec(tx).await?.rows_affected > 0).then(|| rows::subject(id)))
    }

    /// Removes up to `most` clients that no person has let in, or none any more, before their time was over;
    /// answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_waiting(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}

impl Client {
    /// Whether `text` is the secret that it has now.
    pub(in crate::services) fn has_as_secret(&self, text: &str) -> bool {
        self.secrets.current.as_ref().is_some_and(|own| same(own.as_bytes(), sha256(text.as_bytes()).as_bytes()))
    }
}

fn its_own(id: &ClientId, token: &Secret<RegistrationToken>) -> sea_orm::sea_query::SimpleExpr {
    Column::Id.eq(id.clone()).and(Column::RegistrationHash.eq(token.hash()))
}
