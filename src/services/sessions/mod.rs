//! Sessions: start, recognise, touch, list, end. A session that has ended has no row.
//!
//! A browser session is known by a cookie of which only the hash is kept; a session begun through
//! the session API has no cookie of ours and is known by its tokens.

mod ending;
mod last;
pub(super) mod live;
mod row;
mod settings;

pub(super) use ending::Which;
pub use live::{Live, LiveGrant};
pub use settings::Settings;

pub use entity::session::Model as Session;

use std::sync::Arc;
use std::time::Duration;

use entity::session::{ActiveModel, Column, Entity};
use entity::{Names, SessionId, Timestamp, UserId};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryIntoModel};

use super::caller::Caller;
use super::database::{Database, Executor};
use super::shared::Shared;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use crate::secret::{Kind, Secret};

/// How exactly `seen_at` is kept: every use of a session need not write.
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// What a browser holds to be recognised.
#[derive(Debug)]
pub struct BrowserCookie;

impl Kind for BrowserCookie {
    const PREFIX: &'static str = "pst_bs_";
}

/// How a session is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A browser, by our cookie.
    Browser,
    /// By tokens that live so long: the chat's front end, or a device.
    Tokens(Duration),
}

/// How a person has come in.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Who.
    pub user: UserId,
    /// How they proved it (RFC 8176 values).
    pub amr: Names,
    /// The way in: `local` or a connector's id.
    pub provider: String,
    /// When they proved it, where that was before now.
    pub proven_at: Option<Timestamp>,
}

/// The sessions.
#[derive(Clone, Debug)]
pub struct Sessions {
    database: Database,
    shared: Arc<Shared>,
    clock: Clock,
    random: Random,
    settings: Settings,
}

impl Sessions {
    /// The sessions in `database`.
    #[must_use]
    pub fn new(database: Database, shared: Arc<Shared>, clock: Clock, random: Random, settings: Settings) -> Self {
        Self { database, shared, clock, random, settings }
    }

    /// Starts a session in the transaction `tx`, with a new id whatever the browser held before.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn start(
        &self,
        tx: &Executor<'_>,
        entry: Entry,
        caller: &Caller,
        holder: Holder,
    ) -> Result<(Session, Option<Secret<BrowserCookie>>)> {
        let now = self.clock.now();
        let (cookie, idle, max) = match holder {
            Holder::Browser => (Some(Secret::generate(&self.random)), self.settings.idle, self.settings.max),
            Holder::Tokens(lifetime) => (None, lifetime, lifetime),
        };
        let row = ActiveModel {
            id: Set(SessionId::from_random(self.random.bytes())),
            user_id: Set(entry.user),
            cookie_hash: Set(cookie.as_ref().map(Secret::hash)),
            amr: Set(entry.amr),
            provider: Set(entry.provider),
            created_at: Set(now),
            seen_at: Set(now),
            idle_at: Set(Ord::min(now + idle, now + max)),
            expires_at: Set(now + max),
            authenticated_at: Set(Some(entry.proven_at.unwrap_or(now))),
            kept_until: Set(None),
            address: Set(caller.address.to_string()),
            user_agent: Set(caller.user_agent.clone()),
        };
        let session = row.clone().try_into_model()?;
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok((session, cookie))
    }

    /// Gives the session another cookie, in the transaction `tx`; the one before opens nothing.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn reissue(&self, tx: &Executor<'_>, id: SessionId) -> Result<Secret<BrowserCookie>> {
        let cookie = Secret::generate(&self.random);
        let row = ActiveModel { cookie_hash: Set(Some(cookie.hash())), ..ActiveModel::default() };
        Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(tx).await?;
        Ok(cookie)
    }

    /// The living session that `cookie` holds, with its person; puts off its idle end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn current(&self, cookie: &Secret<BrowserCookie>) -> Result<Option<Live>> {
        let now = self.clock.now();
        let Some(live) = live::by_cookie(&self.database, cookie.hash(), now).await? else { return Ok(None) };
        if !live.is_alive(now) {
            return Ok(None);
        }
        if now.since(live.session.seen_at) >= SEEN_WITHIN {
            self.touch(&live.session).await?;
        }
        Ok(Some(live))
    }

    /// The session `id` as it is now, dead or alive, with its person; one read.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn look_up(&self, id: SessionId) -> Result<Option<Live>> {
        live::by_id(&self.database, id, self.clock.now()).await
    }

    /// Notes, in the work `tx` that rotates the tokens of `session`, that it is in use. Its ends stay
    /// where they are: tokens have an end of their own that use does not put off.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn note_use(&self, tx: &Executor<'_>, session: &Session) -> Result<()> {
        let now = self.clock.now();
        if now.since(session.seen_at) >= SEEN_WITHIN {
            let row = ActiveModel { seen_at: Set(now), ..ActiveModel::default() };
            Entity::update_many().set(row).filter(Column::Id.eq(session.id)).exec(tx).await?;
        }
        Ok(())
    }

    async fn touch(&self, session: &Session) -> Result<()> {
        let now = self.clock.now();
        let idle_at = Ord::min(now + self.settings.idle, session.expires_at);
        let row = ActiveModel { seen_at: Set(now), idle_at: Set(idle_at), ..ActiveModel::default() };
        let touch = Entity::update_many().set(row).filter(Column::Id.eq(session.id));
        self.database
            .write_statement(|tx| Box::pin(async move { touch.exec(tx).await.map(|_| ()).map_err(Into::into) }))
            .await
    }

    /// The person's living sessions, the last used first.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn list(&self, user: UserId) -> Result<Vec<Session>> {
        let now = self.clock.now();
        let alive = Column::UserId.eq(user).and(Column::IdleAt.gt(now)).and(Column::ExpiresAt.gt(now));
        let sessions = Entity::find().filter(alive).order_by_desc(Column::SeenAt).limit(200);
        Ok(sessions.all(self.database.read()).await?)
    }

    /// Whether `user` has the session `id`, in the transaction `tx`.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn is_there(&self, tx: &Executor<'_>, id: SessionId, user: UserId) -> Result<bool> {
        let one = Column::Id.eq(id).and(Column::UserId.eq(user));
        Ok(Entity::find().filter(one).one(tx).await?.is_some())
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
