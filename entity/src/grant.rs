//! What a person has granted a client in one authorization, with its code (RFC 6749 section 4.1).

use sea_orm::entity::prelude::*;

use crate::{ClientId, GrantId, Names, SessionId, Timestamp, TokenHash, UserId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    pub client_id: ClientId,
    pub user_id: UserId,
    /// The session that it was given in; it ends with it.
    pub session_id: SessionId,
    /// Granted scopes, in order.
    #[sea_orm(column_type = "Text")]
    pub scope: Names,
    /// The resources that its access tokens may be meant for (RFC 8707); none: this issuer alone.
    #[sea_orm(column_type = "Text")]
    pub audience: Names,
    /// The `claims` parameter, as JSON (OpenID Connect Core section 5.5).
    #[sea_orm(column_type = "Text", nullable)]
    pub claims: Option<String>,
    /// What the code is bound to.
    #[sea_orm(column_type = "Text", nullable)]
    pub redirect_uri: Option<String>,
    /// The S256 code challenge (RFC 7636).
    pub challenge: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub nonce: Option<String>,
    /// Hash of the code; none for a grant that came without one.
    #[sea_orm(unique)]
    pub code_hash: Option<TokenHash>,
    pub code_expires_at: Option<Timestamp>,
    /// When the code was exchanged; a second exchange ends the grant.
    pub redeemed_at: Option<Timestamp>,
    /// Whether it outlives the expiry of its session (`offline_access`).
    pub offline: bool,
    /// The `auth_time` of its ID tokens.
    pub authenticated_at: Timestamp,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
