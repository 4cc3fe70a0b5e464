//! A living session. Ending it deletes the row.

use sea_orm::entity::prelude::*;

use crate::{Names, SessionId, Timestamp, TokenHash, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    /// Hash of the browser's cookie; none for a session begun through the session API.
    #[sea_orm(unique)]
    pub cookie_hash: Option<TokenHash>,
    /// How the person proved who they are (RFC 8176 values).
    pub amr: Names,
    /// The way in: `local` or a connector's id.
    pub provider: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within a few minutes.
    pub seen_at: Timestamp,
    /// The end that use puts off; never past `expires_at`.
    pub idle_at: Timestamp,
    /// The end that nothing puts off.
    pub expires_at: Timestamp,
    /// When the person proved themselves last; none: when they signed in.
    pub authenticated_at: Option<Timestamp>,
    /// How long the row is kept past its end, for the grants that outlive it.
    pub kept_until: Option<Timestamp>,
    pub address: String,
    pub user_agent: String,
}

impl Model {
    /// When the person proved themselves last: the `auth_time` of its tokens.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at.unwrap_or(self.created_at)
    }
}

impl ActiveModelBehavior for ActiveModel {}
