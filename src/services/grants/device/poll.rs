//! What a device does: asks whether it was let in, no faster than it was told to.

use entity::Timestamp;
use entity::device_code::{Column, Entity};
use entity::grant::{ActiveModel as GrantRow, Entity as GrantEntity};
use entity::{GrantId, TokenHash};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{Device, DeviceCode, DeviceState, INTERVAL};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::clients::Client;
use crate::services::database::Executor;
use crate::services::grants::{Grant, Grants, scope};
use crate::services::sessions::Session;

impl Grants {
    /// The device of `client` that comes with the device code `text`, if a person has let it in.
    /// Nothing is consumed yet: that is [`Self::spend_device`], in the transaction that makes the
    /// tokens.
    ///
    /// # Errors
    /// [`ErrorKind::AuthorizationPending`], [`ErrorKind::SlowDown`], [`ErrorKind::AccessDenied`],
    /// [`ErrorKind::ExpiredToken`] (RFC 8628 section 3.5); [`ErrorKind::InvalidGrant`] for a code
    /// that is used, another client's or none; when the database is away.
    pub async fn poll(&self, client: &Client, text: &str) -> Result<Device> {
        let refused = || Error::new(ErrorKind::InvalidGrant, "The device code is not valid.");
        let code = Secret::<DeviceCode>::parse(text).ok_or_else(refused)?;
        let found = Entity::find_by_id(code.hash()).one(self.database.read()).await?.map(Device::from);
        let is_good = |device: &Device| device.client_id == client.id && device.state != DeviceState::Spent;
        let device = found.filter(is_good).ok_or_else(refused)?;
        if device.ends <= self.clock.now() {
            return Err(ErrorKind::ExpiredToken.into());
        }
        match device.state {
            DeviceState::Allowed => Ok(device),
            DeviceState::Denied => Err(ErrorKind::AccessDenied.into()),
            DeviceState::Pending | DeviceState::Spent => Err(self.pace(device.id).await?.into()),
        }
    }

    /// Notes that the device `id` has asked: whether it has to wait on, or longer than before.
    async fn pace(&self, id: TokenHash) -> Result<ErrorKind> {
        let now = self.clock.now();
        let may_ask_from = Expr::col(Column::PolledAt).add(Expr::col(Column::IntervalSeconds).mul(1000_i64));
        let in_time = Column::PolledAt.is_null().or(may_ask_from.lte(now));
        let one = Column::Id.eq(id);
        let ask = Entity::update_many().col_expr(Column::PolledAt, Expr::value(now)).filter(one.clone());
        let slower = Expr::col(Column::IntervalSeconds).add(INTERVAL);
        let hasten = ask.clone().col_expr(Column::IntervalSeconds, slower);
        let ask = ask.filter(in_time);
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                if ask.exec(tx).await?.rows_affected == 1 {
                    return Ok(ErrorKind::AuthorizationPending);
                }
                hasten.exec(tx).await?;
                Ok(ErrorKind::SlowDown)
            })
        });
        write.await
    }

    /// Marks the code of `device` as used in the transaction `tx`; answers whether it was this one
    /// that did.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn spend_device(&self, tx: &Executor<'_>, device: &Device) -> Result<bool> {
        let allowed = Column::Id.eq(device.id.clone()).and(Column::State.eq(DeviceState::Allowed.name()));
        let spend = Entity::update_many().col_expr(Column::State, Expr::value(DeviceState::Spent.name()));
        Ok(spend.filter(allowed).exec(tx).await?.rows_affected == 1)
    }

    /// The grant of `device` in its own `session`, in the transaction `tx`; `proven` is when the
    /// person who let it in had proven themselves last.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn grant_device(
        &self,
        tx: &Executor<'_>,
        device: &Device,
        session: &Session,
        proven: Timestamp,
    ) -> Result<Grant> {
        let now = self.clock.now();
        let row = GrantRow {
            id: Set(GrantId::from_random(self.random.bytes())),
            client_id: Set(device.client_id.clone()),
            user_id: Set(session.user_id),
            session_id: Set(session.id),
            scope: Set(device.scope.clone()),
            audience: Set(device.resources.clone()),
            claims: Set(None),
            redirect_uri: Set(None),
            challenge: Set(None),
            nonce: Set(None),
            code_hash: Set(None),
            code_expires_at: Set(None),
            redeemed_at: Set(Some(now)),
            offline: Set(device.scope.contains(scope::OFFLINE_ACCESS)),
            authenticated_at: Set(proven),
            created_at: Set(now),
            expires_at: Set(session.expires_at),
        };
        Ok(GrantEntity::insert(row).exec_with_returning(tx).await?)
    }
}
