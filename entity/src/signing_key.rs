//! A key that signs tokens; its private part is sealed.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    /// Its `kid` (RFC 7517 section 4.5).
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it signs with: `RS256`, `ES256` or `EdDSA`.
    pub algorithm: String,
    /// The private key in PKCS #8, sealed under a key that the database does not hold, bound to `id`.
    pub private_sealed: Vec<u8>,
    /// The public key as a JWK (RFC 7517).
    #[sea_orm(column_type = "Text")]
    pub public_jwk: String,
    pub created_at: Timestamp,
    /// From when on it signs; it is published before.
    pub signs_from: Timestamp,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// When it is published no more: no token that it signed is alive then.
    pub expires_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
