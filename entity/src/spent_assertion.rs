//! A client assertion that has been used (RFC 7523 section 3).

use sea_orm::entity::prelude::*;

use crate::{Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_assertions")]
pub struct Model {
    /// Hash of client and `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
