//! A logout token of another provider that has been used (Back-Channel Logout section 2.6).

use sea_orm::entity::prelude::*;

use crate::{Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_logout_tokens")]
pub struct Model {
    /// Hash of connector, issuer and `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
