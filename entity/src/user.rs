//! A person's account.

use sea_orm::entity::prelude::*;

use crate::{Names, Timestamp, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// As the person wrote it.
    pub email: String,
    /// The form that is unique: lower case, NFKC, domain in its ASCII form.
    #[sea_orm(unique)]
    pub email_canonical: String,
    pub email_verified: bool,
    pub name: String,
    /// 2 to 80 of `a-z0-9._-`, never an address.
    #[sea_orm(unique)]
    pub username: String,
    /// In PHC string format; none for a person who enters another way.
    pub password_hash: Option<String>,
    pub password_changed_at: Option<Timestamp>,
    pub roles: Names,
    pub groups: Names,
    /// The way in that made the account: `local` or a connector's id.
    pub provider: String,
    /// The id of their picture.
    pub picture: Option<String>,
    pub disabled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
