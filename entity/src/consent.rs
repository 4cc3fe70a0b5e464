//! What a person has allowed a client, remembered.

use sea_orm::entity::prelude::*;

use crate::{ClientId, Names, Timestamp, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    #[sea_orm(column_type = "Text")]
    pub scope: Names,
    /// Single claims that were asked for by name (OpenID Connect Core section 5.5).
    #[sea_orm(column_type = "Text")]
    pub claims: Names,
    /// The resources that tokens may be meant for (RFC 8707).
    #[sea_orm(column_type = "Text", default_value = "[]")]
    pub resources: Names,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
