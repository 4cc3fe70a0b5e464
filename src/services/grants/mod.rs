//! What people grant clients: authorization requests under way, codes, remembered consent.
//!
//! A grant is one row from the code to the last refresh token. Ending its session deletes it
//! (logout, ban, deletion: `ending.rs`); so does a second use of its code. What stands in a row of its own for
//! a short while (requests that wait, pushed ones, devices) has its verbs in a file of its own.

mod claims_request;
mod clients;
mod code;
mod consent;
mod device;
mod ending;
mod pushed;
mod request;
pub mod scope;
mod settings;

pub use claims_request::{ClaimsRequest, Wish};
pub use code::{AuthorizationCode, Redemption};
pub use consent::Consent;
pub use device::{Device, DeviceCode, DeviceCodes, DeviceState, UserCode, wrong_user_code};
pub use pushed::PushedKey;
pub use request::{AuthorizationRequest, Prompt, RequestKey, ResponseMode, Waiting};
pub use settings::Settings;

pub use entity::grant::Model as Grant;

use std::collections::HashMap;
use std::sync::Arc;

use entity::grant::{Column, Entity};
use entity::{ClientId, GrantId, SessionId, UserId};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::audit::{Audit, Event, EventKind};
use super::back_channel::BackChannel;
use super::caller::Caller;
use super::database::{Database, Executor, sweep};
use super::sessions::Sessions;
use super::shared::{Shared, Subject};
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secret::DerivedKey;

/// How many grants of one person are listed.
const MOST_LISTED: u64 = 1000;

/// The grants.
#[derive(Clone)]
pub struct Grants {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    sessions: Sessions,
    back_channel: BackChannel,
    clock: Clock,
    random: Random,
    settings: Settings,
    keys: Arc<Keys>,
}

/// What hashes, each key one kind of thing.
#[derive(Debug)]
pub struct Keys {
    /// What a browser holds.
    pub browsers: DerivedKey,
    /// What people read off a device.
    pub user_codes: DerivedKey,
}

/// What [`Grants`] stands on.
#[derive(Debug)]
pub struct Parts {
    /// Rows.
    pub database: Database,
    /// Limits and invalidation.
    pub shared: Arc<Shared>,
    /// The audit.
    pub audit: Audit,
    /// Sessions, which every grant belongs to.
    pub sessions: Sessions,
    /// Who is told when one ends.
    pub back_channel: BackChannel,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

impl Grants {
    /// Grants by `settings`; `keys` hash.
    #[must_use]
    pub fn new(parts: Parts, settings: Settings, keys: Keys) -> Self {
        let Parts { database, shared, audit, sessions, back_channel, clock, random } = parts;
        Self { database, shared, audit, sessions, back_channel, clock, random, settings, keys: Arc::new(keys) }
    }

    /// The clients that took part in a session: they are told when it ends, and may end it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn clients_of(&self, session: SessionId) -> Result<Vec<ClientId>> {
        let theirs = Column::SessionId.eq(session).and(Column::RedeemedAt.is_not_null());
        let grants = Entity::find().filter(theirs).all(self.database.read()).await?;
        let mut clients: Vec<ClientId> = grants.into_iter().map(|grant| grant.client_id).collect();
        clients.sort();
        clients.dedup();
        Ok(clients)
    }

    /// The sessions of `user` that were made for a device, each with the client that it is of.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn devices_of(&self, user: UserId) -> Result<HashMap<SessionId, ClientId>> {
        let theirs = Column::UserId.eq(user).and(Column::CodeHash.is_null());
        let grants = Entity::find().filter(theirs).all(self.database.read()).await?;
        Ok(grants.into_iter().map(|grant| (grant.session_id, grant.client_id)).collect())
    }

    /// Ends `grant`: its code and tokens open nothing any more. `why`, and what `caller` it came from, go
    /// to the audit.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn end(&self, grant: Grant, why: EventKind, caller: &Caller) -> Result<()> {
        let grants = self.clone();
        let event = Event::new(why)
            .about(grant.user_id)
            .from(caller)
            .with("client", grant.client_id.as_str())
            .with("session", grant.session_id.to_string());
        let pending = self.database.write(move |tx| {
            Box::pin(async move {
                if !grants.remove(tx, &grant).await? {
                    return Ok(None);
                }
                grants.audit.record(tx, event).await?;
                grants.shared.announce(tx, vec![Subject::Session(grant.session_id)]).await.map(Some)
            })
        });
        if let Some(pending) = pending.await? {
            self.shared.apply(&pending);
        }
        Ok(())
    }

    /// The grant `id`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn get(&self, id: GrantId) -> Result<Option<Grant>> {
        Ok(Entity::find_by_id(id).one(self.database.read()).await?)
    }

    /// The grants of `user` that last now, the last one first.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn living(&self, user: UserId) -> Result<Vec<Grant>> {
        let redeemed = Column::UserId.eq(user).and(Column::RedeemedAt.is_not_null());
        let living = redeemed.and(Column::ExpiresAt.gt(self.clock.now()));
        let grants = Entity::find().filter(living).order_by_desc(Column::CreatedAt).limit(MOST_LISTED);
        Ok(grants.all(self.database.read()).await?)
    }

    /// Ends `grant` in the transaction `tx`; answers whether it was there. That of a device takes
    /// the session along that was made for it alone.
    async fn remove(&self, tx: &Executor<'_>, grant: &Grant) -> Result<bool> {
        match grant.code_hash {
            None => self.end_session(tx, grant.user_id, grant.session_id).await,
            Some(_) => Ok(Entity::delete_by_id(grant.id).exec(tx).await?.rows_affected == 1),
        }
    }

    /// Ends every grant of `user` to `client` in the transaction `tx`.
    async fn remove_of(&self, tx: &Executor<'_>, user: UserId, client: &ClientId) -> Result<()> {
        let theirs = Column::UserId.eq(user).and(Column::ClientId.eq(client.clone()));
        for device in Entity::find().filter(theirs.clone().and(Column::CodeHash.is_null())).all(tx).await? {
            self.remove(tx, &device).await?;
        }
        Entity::delete_many().filter(theirs).exec(tx).await?;
        self.forget_devices(tx, user, client).await
    }

    /// Removes up to `most` grants whose time is over; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Grants")
    }
}
