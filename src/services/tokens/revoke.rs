//! Revocation (RFC 7009): a client gives a token up.

use entity::revoked_token::{ActiveModel, Column, Entity};
use entity::{Timestamp, TokenHash, access_token};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, TryInsertResult};

use super::Tokens;
use super::access::{Opaque, Payload};
use crate::error::Result;
use crate::secret::Secret;
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::sweep;
use crate::services::grants::Grant;
use crate::services::sessions::live;
use crate::services::shared::Subject;

impl Tokens {
    /// Ends `text` if it is a token of `client`; anything else is left alone (RFC 7009 section 2.2).
    /// A refresh token takes its whole grant along.
    ///
    /// # Errors
    /// When the database is away: then nothing was revoked.
    pub async fn revoke(&self, client: &Client, text: &str, caller: &Caller) -> Result<()> {
        if let Some(grant) = self.grant_of_refresh_token(client, text).await? {
            return self.grants.end(grant, EventKind::TokenRevoked, caller).await;
        }
        if let Some(token) = Secret::<Opaque>::parse(text) {
            return self.revoke_opaque(client, &token, caller).await;
        }
        match self.read_signed(text).await? {
            Some(payload) if payload.client_id == client.id => self.revoke_signed(client, payload, caller).await,
            _ => Ok(()),
        }
    }

    /// The grant of `client` that a genuine refresh token of its belongs to, newest or not.
    pub(super) async fn grant_of_refresh_token(&self, client: &Client, text: &str) -> Result<Option<Grant>> {
        let Some(token) = self.refresh_tokens.read(text) else { return Ok(None) };
        let found = live::by_family(&self.database, token.family, self.clock.now()).await?;
        Ok(found.and_then(|found| found.grant).filter(|grant| grant.client_id == client.id))
    }

    async fn revoke_opaque(&self, client: &Client, token: &Secret<Opaque>, caller: &Caller) -> Result<()> {
        let Some(row) = self.opaque_row(token).await?.filter(|row| row.client_id == client.id) else { return Ok(()) };
        let subject = self.subject_of(client, row.grant_id).await?;
        let delete = access_token::Entity::delete_by_id(row.id);
        self.forget_token(client, subject, caller, move |tx| {
            Box::pin(async move { Ok(delete.exec(tx).await?.rows_affected > 0) })
        })
        .await
    }

    async fn revoke_signed(&self, client: &Client, payload: Payload, caller: &Caller) -> Result<()> {
        let grant = payload.grant_id.as_deref().and_then(|id| id.parse().ok());
        let subject = self.subject_of(client, grant).await?;
        let row =
            ActiveModel { id: Set(self.jti_hash(&payload.jti)), expires_at: Set(Timestamp::from_seconds(payload.exp)) };
        let insert = Entity::insert(row).on_conflict_do_nothing_on([Column::Id]);
        self.forget_token(client, subject, caller, move |tx| {
            Box::pin(async move {
                let outcome = insert.exec_without_returning(tx).await?;
                Ok(matches!(outcome, TryInsertResult::Inserted(rows) if rows > 0))
            })
        })
        .await
    }

    /// What caches must forget when one token of a grant ends: all of its session, or, without a
    /// person, all of the client.
    async fn subject_of(&self, client: &Client, grant: Option<entity::GrantId>) -> Result<Subject> {
        let grant = match grant {
            Some(id) => self.grants.get(id).await?,
            None => None,
        };
        Ok(grant.map_or_else(|| Subject::Client(client.id.clone()), |grant| Subject::Session(grant.session_id)))
    }

    /// Does `work`, which answers whether it ended a token. One that was ended before leaves no
    /// further trace: whoever repeats himself fills nothing.
    async fn forget_token<F>(&self, client: &Client, subject: Subject, caller: &Caller, work: F) -> Result<()>
    where
        F: for<'c> FnOnce(
                &'c crate::services::database::Executor<'c>,
            ) -> futures_util::future::BoxFuture<'c, Result<bool>>
            + Send
            + 'static,
    {
        let (audit, shared) = (self.audit.clone(), self.shared.clone());
        let event = Event::new(EventKind::TokenRevoked).by(Actor::Client(client.id.clone())).from(caller);
        let event = event.with("client", client.id.as_str());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if !work(tx).await? {
                    return Ok(None);
                }
                audit.record(tx, event).await?;
                shared.announce(tx, vec![subject]).await.map(Some)
            })
        });
        if let Some(pending) = write.await? {
            self.shared.apply(&pending);
        }
        Ok(())
    }

    /// The form in which the id of a signed token is kept.
    pub(super) fn jti_hash(&self, jti: &str) -> TokenHash {
        self.cache.hash(jti)
    }

    /// Whether the signed token whose id hashes to `jti` was revoked.
    pub(super) async fn is_revoked(&self, jti: TokenHash) -> Result<bool> {
        Ok(Entity::find_by_id(jti).one(self.database.read()).await?.is_some())
    }

    /// Removes up to `most` ids of revoked tokens that have died by themselves since; answers how
    /// many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_revoked(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}
