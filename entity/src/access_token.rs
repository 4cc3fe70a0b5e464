//! An opaque access token.

use sea_orm::entity::prelude::*;

use crate::{ClientId, GrantId, Names, Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_tokens")]
pub struct Model {
    /// Hash of the token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub client_id: ClientId,
    /// None: the client's own authority (RFC 6749 section 4.4).
    pub grant_id: Option<GrantId>,
    #[sea_orm(column_type = "Text")]
    pub scope: Names,
    /// Whom it is meant for.
    #[sea_orm(column_type = "Text")]
    pub audience: Names,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
