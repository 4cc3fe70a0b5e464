//! A person's picture, as it was fetched.

use sea_orm::entity::prelude::*;

use crate::UserId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pictures")]
pub struct Model {
    /// 128 random bits in hex; `picture` of its person says the same. Another picture has another one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub user_id: UserId,
    /// The id of the connector whose provider gave it.
    pub connector: String,
    /// The picture; its type is told by them whenever it is shown.
    pub bytes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
