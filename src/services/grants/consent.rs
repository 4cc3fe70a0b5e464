//! What a person has allowed a client, remembered by scope and resource.

use entity::consent::{ActiveModel, Column, Entity, Model};
use entity::{ClientId, Names, Timestamp, UserId};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::request::{AuthorizationRequest, RequestKey};
use super::{Grants, scope};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::Executor;
use crate::services::shared::Subject;
use crate::services::users;

/// How many apps a person may let in: apps may be made up, and each is a row.
const MOST: u64 = 500;

/// What a person has allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Whom.
    pub client_id: ClientId,
    /// Which scopes.
    pub scope: Names,
    /// Which single claims.
    pub claims: Names,
    /// At which resources besides (RFC 8707).
    pub resources: Names,
    /// Since when.
    pub since: Timestamp,
    /// When it was given last.
    pub given_at: Timestamp,
}

impl Consent {
    /// Whether it covers all that `request` asks for. A claim is covered by the scope that opens it, too.
    #[must_use]
    pub fn covers(&self, request: &AuthorizationRequest) -> bool {
        let is_open = |name: &&str| scope::opening(name).is_some_and(|by| self.scope.contains(by));
        let named = Names::new(request.claims.names().filter(|name| !is_open(name)));
        scope::is_within(&request.scopes(), &self.scope)
            && scope::is_within(&named, &self.claims)
            && request.resources.iter().all(|one| self.resources.contains(one))
    }

    /// What is remembered at `now` once `request` is allowed, beside what was allowed `before`.
    fn widened(before: Option<Self>, request: &AuthorizationRequest, now: Timestamp) -> Self {
        let client_id = request.client_id.clone();
        let nothing = || Self {
            client_id,
            scope: Names::default(),
            claims: Names::default(),
            resources: Names::default(),
            since: now,
            given_at: now,
        };
        let before = before.unwrap_or_else(nothing);
        Self {
            scope: with(&before.scope, request.scope.iter().cloned()),
            claims: with(&before.claims, request.claims.names().map(str::to_owned)),
            resources: with(&before.resources, request.resources.iter().cloned()),
            given_at: now,
            ..before
        }
    }

    /// The row of `user` for it.
    fn row(self, user: UserId) -> ActiveModel {
        let Self { client_id, scope, claims, resources, since, given_at } = self;
        ActiveModel {
            user_id: Set(user),
            client_id: Set(client_id),
            scope: Set(scope),
            claims: Set(claims),
            resources: Set(resources),
            created_at: Set(since),
            updated_at: Set(given_at),
        }
    }
}

impl From<Model> for Consent {
    fn from(row: Model) -> Self {
        let Model { client_id, scope, claims, resources, created_at, updated_at, .. } = row;
        Self { client_id, scope, claims, resources, since: created_at, given_at: updated_at }
    }
}

impl Grants {
    /// What `user` has allowed `client`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn consent(&self, user: UserId, client: &Client) -> Result<Option<Consent>> {
        let row = Entity::find_by_id((user, client.id.clone())).one(self.database.read()).await?;
        Ok(row.map(Consent::from))
    }

    /// All that `user` has allowed, the last one first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn consents(&self, user: UserId) -> Result<Vec<Consent>> {
        let rows = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::UpdatedAt);
        Ok(rows.all(self.database.read()).await?.into_iter().map(Consent::from).collect())
    }

    /// Remembers that `user` allows what `request` asks for, beside what was allowed before; and with the request
    /// that waits under `key`, that it was this one: no other was shown to them (SEC-056).
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for one app more than a person may let in; [`ErrorKind::Unauthenticated`]
    /// when the account was deleted meanwhile; when the database is away.
    pub async fn allow(
        &self,
        user: UserId,
        key: &Secret<RequestKey>,
        request: &AuthorizationRequest,
        caller: &Caller,
    ) -> Result<()> {
        let key = key.hash();
        let (grants, request, now) = (self.clone(), request.clone(), self.clock.now());
        let event = Event::new(EventKind::ConsentGiven)
            .by(Actor::User(user))
            .about(user)
            .from(caller)
            .with("client", request.client_id.as_str())
            .with("scope", scope::text(&request.scopes()))
            .with("resources", request.resources.clone());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if !users::share(tx, user).await? {
                    return Err(ErrorKind::Unauthenticated.into());
                }
                grants.mark_allowed(tx, key, user).await?;
                let before = Entity::find_by_id((user, request.client_id.clone())).one(tx).await?.map(Consent::from);
                if before.is_none() {
                    check_room(tx, user).await?;
                }
                let row = Consent::widened(before, &request, now).row(user);
                let again = OnConflict::columns([Column::UserId, Column::ClientId])
                    .update_columns([Column::Scope, Column::Claims, Column::Resources, Column::UpdatedAt])
                    .to_owned();
                Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
                grants.audit.record(tx, event).await?;
                match grants.back_channel.clients.let_in(tx, &request.client_id).await? {
                    Some(client) => grants.shared.announce(tx, vec![client]).await.map(Some),
                    None => Ok(None),
                }
            })
        });
        if let Some(pending) = write.await? {
            self.shared.apply(&pending);
        }
        Ok(())
    }

    /// Withdraws what `user` has allowed `client`: its grants and their tokens end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn withdraw(&self, user: UserId, client: &ClientId, caller: &Caller) -> Result<()> {
        let (grants, client) = (self.clone(), client.clone());
        let event = Event::new(EventKind::ConsentWithdrawn)
            .by(Actor::User(user))
            .about(user)
            .from(caller)
            .with("client", client.as_str());
        let pending = self.database.write(move |tx| {
            Box::pin(async move {
                // Before what hangs on the account, as whoever deletes it: no two wait for each other.
                users::share(tx, user).await?;
                let theirs = Column::UserId.eq(user).and(Column::ClientId.eq(client.clone()));
                Entity::delete_many().filter(theirs).exec(tx).await?;
                grants.remove_of(tx, user, &client).await?;
                grants.audit.record(tx, event).await?;
                grants.shared.announce(tx, vec![Subject::User(user)]).await
            })
        });
        self.shared.apply(&pending.await?);
        Ok(())
    }
}

fn with(before: &Names, more: impl Iterator<Item = String>) -> Names {
    Names::new(before.as_slice().iter().cloned().chain(more))
}

async fn check_room(tx: &Executor<'_>, user: UserId) -> Result<()> {
    match Entity::find().filter(Column::UserId.eq(user)).count(tx).await? {
        0..MOST => Ok(()),
        _ => {
            let words = "You have let in as many apps as there is room for. Sign one out under Apps, then try again.";
            Err(Error::new(ErrorKind::Conflict, words))
        }
    }
}
