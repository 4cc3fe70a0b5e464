//! Clients, the audit, and the rows that tell every server what to forget.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, char_len_null, integer, pk_uuid, string, string_null, text,
};

use super::m20261124_000002_sessions::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create_clients(schema).await?;
        create_audit_events(schema).await?;
        schema
            .create_table(
                Table::create()
                    .table("invalidations")
                    .col(big_pk_auto("id"))
                    .col(string("kind"))
                    .col(string("subject"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        index(schema, "invalidations", "expires_at").await
    }
}

async fn create_clients(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("clients")
                .col(string("id").primary_key())
                .col(text("metadata"))
                .col(ColumnDef::new("secret_hash").var_binary(32).null())
                .col(ColumnDef::new("previous_secret_hash").var_binary(32).null())
                .col(big_integer_null("previous_secret_expires_at"))
                .col(big_integer("created_at"))
                .col(big_integer("updated_at"))
                .to_owned(),
        )
        .await
}

async fn create_audit_events(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("audit_events")
                .col(pk_uuid("id"))
                .col(big_integer("at"))
                .col(string("kind"))
                .col(string_null("actor"))
                .col(char_len_null("user_id", 24))
                .col(string_null("address"))
                .col(integer("count"))
                .col(ColumnDef::new("sum_key").string().null().unique_key())
                .col(text("detail"))
                .col(string_null("request_id"))
                .col(big_integer("expires_at"))
                .to_owned(),
        )
        .await?;
    index(schema, "audit_events", "at").await?;
    index(schema, "audit_events", "user_id").await?;
    index(schema, "audit_events", "expires_at").await
}
