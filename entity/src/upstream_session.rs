//! What a session knows of each one at another provider that it came by.

use sea_orm::entity::prelude::*;

use crate::{IdentityId, SessionId, Timestamp};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upstream_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: SessionId,
    /// Who came in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub identity_id: IdentityId,
    /// The connector's id.
    pub connector: String,
    /// The provider, as it calls itself.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// What it calls its session, or the hash of a long name.
    #[sea_orm(column_type = "Text", nullable)]
    pub sid: Option<String>,
    /// Tokens of the provider, sealed; none unless the settings ask for them.
    pub sealed: Option<Vec<u8>>,
    /// When they came in by it last.
    pub entered_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
