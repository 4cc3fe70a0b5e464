//! A pushed authorization request (RFC 9126).

use sea_orm::entity::prelude::*;

use crate::{ClientId, Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pushed_requests")]
pub struct Model {
    /// Hash of its `request_uri`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub client_id: ClientId,
    /// Its parameters as they came, as JSON.
    #[sea_orm(column_type = "Text")]
    pub parameters: String,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
