//! What a client that nobody declared has said of itself at the address that is its id, kept while somebody
//! who has let it in may come back.

use sea_orm::entity::prelude::*;

use crate::{ClientId, Timestamp};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_documents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    /// What counted of it, by RFC 7591 names, as JSON.
    #[sea_orm(column_type = "Text")]
    pub metadata: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// Until when the copy is kept.
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
