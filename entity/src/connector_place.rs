//! Where a connector's secret goes, as it was when somebody set that secret.

use sea_orm::entity::prelude::*;

use crate::TokenHash;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connector_places")]
pub struct Model {
    /// The connector's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub connector: String,
    /// Issuer and hosts, in print.
    #[sea_orm(column_type = "Text")]
    pub place: String,
    /// Keyed hash of the secret.
    pub secret: TokenHash,
}

impl ActiveModelBehavior for ActiveModel {}
