//! Who may not enter, until when and why. One row per subject; the history is in the audit.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bans")]
pub struct Model {
    /// `user` or `address`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// A user's id, or an address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    pub reason: Option<String>,
    /// Who set it: `command`, a client, or an administrator's id.
    pub author: String,
    pub created_at: Timestamp,
    /// None: until it is lifted.
    pub expires_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
