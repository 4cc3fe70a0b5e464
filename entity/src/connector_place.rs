//! Where a secret for a provider went first, and may go.

use sea_orm::entity::prelude::*;

use crate::TokenHash;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connector_places")]
pub struct Model {
    /// Keyed hash of the secret, whichever connectors have it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret: TokenHash,
    /// Issuer and hosts, in print.
    #[sea_orm(column_type = "Text")]
    pub place: String,
}

impl ActiveModelBehavior for ActiveModel {}
