//! A relying party that was added by command, or registered itself (those of the clients file have no row).

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
    /// Hash of the token by which a client that registered itself is managed (RFC 7592).
    pub registration_hash: Option<TokenHash>,
    /// Until when one that registered itself waits for a person: its first, or the next once nobody uses it.
    pub expires_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
