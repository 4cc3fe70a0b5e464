//! What sessions know of those at other providers that they came by, and what must not be used twice.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text, text_null, uuid};

use super::m20261124_000002_sessions::index;
use super::m20261125_000004_oidc::{cascade, hash};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create_upstream_sessions(schema).await?;
        create_spent_logout_tokens(schema).await?;
        create_connector_places(schema).await
    }
}

async fn create_upstream_sessions(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("upstream_sessions")
        .col(uuid("session_id"))
        .col(uuid("identity_id"))
        .col(string("connector"))
        .col(text("issuer"))
        .col(text_null("sid"))
        .col(ColumnDef::new("sealed").var_binary(64_000).null())
        .col(big_integer("entered_at"))
        .primary_key(Index::create().col("session_id").col("identity_id"))
        .foreign_key(&mut cascade("upstream_sessions", "session_id", "sessions"))
        .foreign_key(&mut cascade("upstream_sessions", "identity_id", "identities"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "upstream_sessions", "identity_id").await?;
    index(schema, "upstream_sessions", "sid").await
}

async fn create_spent_logout_tokens(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("spent_logout_tokens")
        .col(hash("id").primary_key())
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "spent_logout_tokens", "expires_at").await
}

async fn create_connector_places(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table =
        Table::create().table("connector_places").col(hash("secret").primary_key()).col(text("place")).to_owned();
    schema.create_table(table).await
}
