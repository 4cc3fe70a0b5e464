//! All the refresh tokens that follow one another from one sign-in, in one row.

use sea_orm::entity::prelude::*;

use crate::{GrantId, RefreshFamilyId, SessionId, Timestamp, TokenHash};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_families")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefreshFamilyId,
    pub session_id: SessionId,
    /// What it refreshes, for a client's tokens; none: the session itself.
    pub grant_id: Option<GrantId>,
    /// Counts the rotations; the newest token carries it.
    pub generation: i32,
    /// Keyed hash of the newest token.
    pub token_hash: TokenHash,
    /// The newest token, sealed under a key that only the one before it gives.
    pub sealed: Option<Vec<u8>>,
    /// Whether the newest token has come back.
    pub used: bool,
    /// When the newest token was made by a rotation; none before the first.
    pub rotated_at: Option<Timestamp>,
    /// When the first access token that went out with the newest token expires.
    pub access_expires_at: Timestamp,
    pub created_at: Timestamp,
    /// Absolute, from the sign-in.
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
