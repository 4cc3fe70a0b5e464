//! Devices without a keyboard: they show a code, and a person lets them in elsewhere (RFC 8628).
//!
//! A device holds its device code, of which the hash is kept; the person types the short user code,
//! of which a keyed hash is kept. Only the session that the code was typed in decides.

mod decide;
mod poll;
mod user_code;

pub use decide::wrong_user_code;
pub use user_code::UserCode;

use std::time::Duration;

use entity::device_code::{ActiveModel, Column, Entity, Model};
use entity::{ClientId, Names, SessionId, Timestamp, TokenHash, UserId};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Grants, scope};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::{Executor, sweep};
use crate::services::shared::Limit;
use crate::services::vocabulary::vocabulary;

/// How long a person has to type the code.
const LIVES: Duration = Duration::from_secs(600);
/// How long a device waits between two questions (RFC 8628 section 3.2), and how much longer after
/// one that came too soon (section 3.5); in seconds.
const INTERVAL: i64 = 5;
/// How many devices of one client may ask from one network within the life of their codes. A shop
/// full of them starts fewer; a flood stays bounded.
const DEVICES: Limit = Limit { max: 60, window: LIVES };
/// How often another user code is made when there is one like it, of 25 billion.
const TRIES: usize = 4;

/// What a device asks for tokens with: 256 random bits.
#[derive(Debug)]
pub struct DeviceCode;

impl Kind for DeviceCode {
    const PREFIX: &'static str = "pst_dc_";
}

vocabulary! {
    /// How far a device has come.
    DeviceState {
        /// Nobody has decided yet.
        Pending = "pending";
        /// A person has let it in.
        Allowed = "allowed";
        /// A person has kept it out.
        Denied = "denied";
        /// It has its tokens.
        Spent = "spent";
    }
}

/// A device that asks to be let in.
#[derive(Clone, Debug)]
pub struct Device {
    id: TokenHash,
    /// The app on it.
    pub client_id: ClientId,
    /// What that asks for.
    pub scope: Names,
    /// The resources that its tokens are for (RFC 8707).
    pub resources: Names,
    /// How far it has come.
    pub state: DeviceState,
    /// In which session its code was typed.
    pub session: Option<SessionId>,
    /// Where it asked from.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// When it asked.
    pub since: Timestamp,
    ends: Timestamp,
}

impl From<Model> for Device {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            client_id: row.client_id,
            scope: row.scope,
            resources: row.audience,
            // A word of a later release opens nothing here.
            state: row.state.parse().unwrap_or(DeviceState::Spent),
            session: row.session_id,
            address: row.address,
            user_agent: row.user_agent,
            since: row.created_at,
            ends: row.expires_at,
        }
    }
}

impl Device {
    /// The same, asking for no more than `client`, whose app is on it, may ask for today (SEC-043).
    #[must_use]
    pub fn cut_for(self, client: &Client) -> Self {
        Self { scope: scope::grantable(&self.scope, client), ..self }
    }
}

/// What a device gets to begin with.
#[derive(Debug)]
pub struct DeviceCodes {
    /// What it comes back with.
    pub device_code: Secret<DeviceCode>,
    /// What it shows.
    pub user_code: UserCode,
    /// How long both live.
    pub lives: Duration,
    /// How long it waits between two questions.
    pub interval: Duration,
}

impl Grants {
    /// Begins to let a device of `client` in, for `scope` and `resources`, which the client may ask
    /// for.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] for a flood from one network; when the database is away.
    pub async fn start_device(
        &self,
        client: &Client,
        scope: &Names,
        resources: &[String],
        caller: &Caller,
    ) -> Result<DeviceCodes> {
        let key = format!("devices/{}/{}", caller.network(), client.id);
        self.shared.counters.hit(&key, DEVICES).map_err(too_many)?;
        let device_code = Secret::<DeviceCode>::generate(&self.random);
        for _ in 0..TRIES {
            let user_code = UserCode::generate(&self.random);
            let now = self.clock.now();
            let row = ActiveModel {
                id: Set(device_code.hash()),
                user_code_hash: Set(self.user_code_hash(&user_code)),
                client_id: Set(client.id.clone()),
                scope: Set(scope.clone()),
                audience: Set(Names::new(resources.iter().cloned())),
                state: Set(DeviceState::Pending.name().to_owned()),
                user_id: Set(None),
                session_id: Set(None),
                address: Set(caller.address.to_string()),
                user_agent: Set(caller.user_agent.clone()),
                interval_seconds: Set(INTERVAL),
                polled_at: Set(None),
                created_at: Set(now),
                expires_at: Set(now + LIVES),
            };
            if self.insert_device(row).await? {
                let interval = Duration::from_secs(INTERVAL.unsigned_abs());
                return Ok(DeviceCodes { device_code, user_code, lives: LIVES, interval });
            }
        }
        Err(Error::internal("no user code is free"))
    }

    /// Keeps `row`, unless one with its user code is there; answers whether it did.
    async fn insert_device(&self, row: ActiveModel) -> Result<bool> {
        let insert = Entity::insert(row).on_conflict_do_nothing_on([Column::UserCodeHash]);
        let write = self.database.write_statement(|tx| {
            Box::pin(async move {
                let inserted = insert.exec_without_returning(tx).await?;
                Ok(matches!(inserted, sea_orm::TryInsertResult::Inserted(1)))
            })
        });
        write.await
    }

    /// Forgets the devices of `client` that `user` has decided about, in the transaction `tx`: what
    /// was let in and has not come back yet stays out.
    pub(in crate::services::grants) async fn forget_devices(
        &self,
        tx: &Executor<'_>,
        user: UserId,
        client: &ClientId,
    ) -> Result<()> {
        let theirs = Column::UserId.eq(user).and(Column::ClientId.eq(client.clone()));
        Entity::delete_many().filter(theirs).exec(tx).await?;
        Ok(())
    }

    fn user_code_hash(&self, code: &UserCode) -> TokenHash {
        self.keys.user_codes.hash(code.letters().as_bytes())
    }

    /// Removes up to `most` devices whose codes have died; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_devices(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}

fn too_many(wait: Duration) -> Error {
    Error::from(ErrorKind::TooManyRequests).retry_after(wait)
}
