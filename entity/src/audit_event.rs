//! What happened, to whom, from where.

use sea_orm::entity::prelude::*;

use crate::{AuditEventId, Timestamp, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    pub at: Timestamp,
    /// The kind, such as `sign_in` or `user.banned`.
    pub kind: String,
    /// Who did it: a user's id, a client, `command`, `file`, or nobody known.
    pub actor: Option<String>,
    /// Whose account it touches.
    pub user_id: Option<UserId>,
    pub address: Option<String>,
    /// How often it happened within `at`'s minute, for what strangers can repeat.
    pub count: i32,
    /// What a row of this minute is told apart by; unique, so that repeats add to `count`.
    #[sea_orm(unique)]
    pub sum_key: Option<String>,
    /// More, as a JSON object.
    #[sea_orm(column_type = "Text")]
    pub detail: String,
    pub request_id: Option<String>,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
