//! A device that waits for its person (RFC 8628).

use sea_orm::entity::prelude::*;

use crate::{ClientId, Names, SessionId, Timestamp, TokenHash, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_codes")]
pub struct Model {
    /// Hash of the device code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TokenHash,
    /// Keyed hash of the code that the person types.
    #[sea_orm(unique)]
    pub user_code_hash: TokenHash,
    pub client_id: ClientId,
    #[sea_orm(column_type = "Text")]
    pub scope: Names,
    #[sea_orm(column_type = "Text")]
    pub audience: Names,
    /// `pending`, `allowed`, `denied` or `spent`.
    pub state: String,
    /// Who decided.
    pub user_id: Option<UserId>,
    /// In which session; the device gets one of its own.
    pub session_id: Option<SessionId>,
    /// Where the device asked from.
    pub address: String,
    pub user_agent: String,
    /// How long the device must wait between two questions.
    pub interval_seconds: i64,
    pub polled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
