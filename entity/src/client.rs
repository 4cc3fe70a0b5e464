//! A relying party that was added by command or API (those of the clients file have no row).

use sea_orm::entity::prelude::*;

use crate::{ClientId, Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clients")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    /// Its metadata by RFC 7591 names and ours, as JSON, without secrets.
    #[sea_orm(column_type = "Text")]
    pub metadata: String,
    pub secret_hash: Option<TokenHash>,
    /// The secret from before a rotation.
    pub previous_secret_hash: Option<TokenHash>,
    /// Until when the previous secret still opens.
    pub previous_secret_expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
