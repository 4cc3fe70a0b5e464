//! An account at another provider that opens an account here.

use sea_orm::entity::prelude::*;

use crate::{IdentityId, Timestamp, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityId,
    pub user_id: UserId,
    /// The connector's id. With `issuer` and `subject` it is who somebody is, to the letter (SEC-098).
    pub connector: String,
    /// Who vouches: the provider, as it calls itself.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// What the provider calls the person for ever.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// What people recognise it by: an address, or a name over there.
    #[sea_orm(column_type = "Text")]
    pub label: String,
    /// The address that the provider gave last; it identifies nobody.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// Whether the provider's word for that address counts.
    pub email_verified: bool,
    pub created_at: Timestamp,
    /// When it opened the account last.
    pub used_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
