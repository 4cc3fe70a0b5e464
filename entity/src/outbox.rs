//! A message to another server that must arrive: tried again until it does, or is too old.

use sea_orm::entity::prelude::*;

use crate::{OutboxId, Timestamp};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OutboxId,
    /// What it is: `back_channel_logout`.
    pub kind: String,
    /// Whom it is for.
    #[sea_orm(column_type = "Text")]
    pub target: String,
    /// What is needed to make it, as JSON; never a secret in the clear.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    pub attempts: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// When it is tried next.
    pub due_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
