//! What clients that nobody declared say of themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text};

use super::m20261124_000002_sessions::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("client_documents")
            .col(string("id").primary_key())
            .col(text("metadata"))
            .col(big_integer("read_at"))
            .col(big_integer("expires_at"))
            .to_owned();
        schema.create_table(table).await?;
        index(schema, "client_documents", "expires_at").await
    }
}
