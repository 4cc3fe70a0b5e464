//! A sign-in at another provider that is under way.

use sea_orm::entity::prelude::*;

use crate::{Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connector_flows")]
pub struct Model {
    /// Hash of the state that goes round.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    /// The connector's id.
    pub connector: String,
    /// Hash of what the browser that began it holds.
    pub browser: TokenHash,
    /// What was begun, sealed: it holds the nonce and the PKCE verifier.
    pub sealed: Vec<u8>,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
