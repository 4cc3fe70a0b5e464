//! What every server must forget, numbered in the order of writing.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invalidations")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `user`, `session`, `client` or `everything`.
    pub kind: String,
    pub subject: String,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
