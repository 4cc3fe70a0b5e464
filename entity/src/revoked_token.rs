//! A signed access token that was revoked before its time (RFC 7009).

use sea_orm::entity::prelude::*;

use crate::{Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revoked_tokens")]
pub struct Model {
    /// Keyed hash of its `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
