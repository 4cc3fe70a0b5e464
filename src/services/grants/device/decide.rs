//! What a person does about a device: types its code, then lets it in or keeps it out.

use std::time::Duration;

use entity::device_code::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Device, DeviceState, UserCode, too_many};
use crate::error::{Error, ErrorKind, FieldProblem, Result};
use crate::services::audit::{Actor, Event, EventKind};
use crate::services::caller::Caller;
use crate::services::grants::Grants;
use crate::services::sessions::Live;
use crate::services::shared::Limit;
use crate::services::users;

/// How many wrong codes one account, and one network, may type (SEC-064).
const WRONG: Limit = Limit { max: 5, window: Duration::from_secs(600) };

impl Grants {
    /// Takes the code that the person of `live` has `typed` as theirs to decide about: the session
    /// that typed it last decides.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], in the same words for a code that was never there, has died or
    /// was used; [`ErrorKind::TooManyRequests`] after too many of those; [`ErrorKind::Unauthenticated`]
    /// when the session has ended meanwhile; when the database is away.
    pub async fn enter_user_code(&self, typed: &str, live: &Live, caller: &Caller) -> Result<UserCode> {
        let tries = [
            format!("user codes of networks/{}", caller.network()),
            format!("user codes of accounts/{}", live.user.id),
        ];
        // Counted before it is looked at, and given back if it was right: of many at once none slips by.
        for key in &tries {
            self.shared.counters.hit(key, WRONG).map_err(too_many)?;
        }
        let code = UserCode::parse(typed).ok_or_else(wrong_user_code)?;
        let waits = self.of_user_code(&code).and(Column::State.eq(DeviceState::Pending.name()));
        let take = Entity::update_many()
            .col_expr(Column::SessionId, Expr::value(live.session.id))
            .col_expr(Column::UserId, Expr::value(live.user.id))
            .filter(waits);
        let (grants, session, user) = (self.clone(), live.session.id, live.user.id);
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if !users::share(tx, user).await? || !grants.sessions.share(tx, session).await? {
                    return Err(ErrorKind::Unauthenticated.into());
                }
                Ok(take.exec(tx).await?.rows_affected)
            })
        });
        if write.await? == 0 {
            return Err(wrong_user_code());
        }
        tries.iter().for_each(|key| self.shared.counters.give_back(key));
        Ok(code)
    }

    /// The device whose code was typed in the session of `live` and in no other since.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn device(&self, code: &UserCode, live: &Live) -> Result<Option<Device>> {
        let theirs = self.of_user_code(code).and(Column::SessionId.eq(live.session.id));
        Ok(Entity::find().filter(theirs).one(self.database.read()).await?.map(Device::from))
    }

    /// Lets `device` in or keeps it out, as the person of `live` says.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when its code was typed elsewhere meanwhile, has died or was
    /// decided about; [`ErrorKind::Unauthenticated`] when the session has ended; when the database
    /// is away.
    pub async fn decide(&self, device: &Device, live: &Live, allow: bool, caller: &Caller) -> Result<()> {
        let (state, kind) = match allow {
            true => (DeviceState::Allowed, EventKind::DeviceAllowed),
            false => (DeviceState::Denied, EventKind::DeviceDenied),
        };
        let event = Event::new(kind)
            .by(Actor::User(live.user.id))
            .about(live.user.id)
            .from(caller)
            .with("client", device.client_id.as_str())
            .with("device", device.address.as_str());
        let (session, user, now) = (live.session.id, live.user.id, self.clock.now());
        let theirs = Column::Id.eq(device.id.clone()).and(Column::SessionId.eq(session));
        let waits = theirs.and(Column::State.eq(DeviceState::Pending.name())).and(Column::ExpiresAt.gt(now));
        let decide = Entity::update_many().col_expr(Column::State, Expr::value(state.name())).filter(waits);
        let grants = self.clone();
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if !grants.sessions.is_there(tx, session, user).await? {
                    return Err(ErrorKind::Unauthenticated.into());
                }
                if decide.exec(tx).await?.rows_affected == 0 {
                    return Err(wrong_user_code());
                }
                grants.audit.record(tx, event).await
            })
        });
        write.await
    }

    fn of_user_code(&self, code: &UserCode) -> SimpleExpr {
        Column::UserCodeHash.eq(self.user_code_hash(code)).and(Column::ExpiresAt.gt(self.clock.now()))
    }
}

/// The one refusal of every code that cannot be decided about.
#[must_use]
pub fn wrong_user_code() -> Error {
    let words = "No device waits with this code. A code works once, for ten minutes: look at the device again.";
    Error::invalid(vec![FieldProblem::new("user_code", words)])
}
