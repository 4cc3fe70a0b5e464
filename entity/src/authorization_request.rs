//! An authorization request that waits for its person.

use sea_orm::entity::prelude::*;

use crate::{ClientId, Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authorization_requests")]
pub struct Model {
    /// Hash of the id that stands in the address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub client_id: ClientId,
    /// Hash of what the browser that began it holds.
    pub browser: TokenHash,
    /// The checked parameters, as JSON.
    #[sea_orm(column_type = "Text")]
    pub parameters: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
