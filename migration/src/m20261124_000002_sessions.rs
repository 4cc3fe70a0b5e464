//! Sessions, their refresh families, and bans.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, char_len, integer, pk_uuid, string, string_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create_sessions(schema).await?;
        create_refresh_families(schema).await?;
        schema
            .create_table(
                Table::create()
                    .table("bans")
                    .col(string("kind"))
                    .col(string("subject"))
                    .col(string_null("reason"))
                    .col(string("author"))
                    .col(big_integer("created_at"))
                    .col(big_integer_null("expires_at"))
                    .primary_key(Index::create().col("kind").col("subject"))
                    .to_owned(),
            )
            .await?;
        index(schema, "bans", "expires_at").await
    }
}

async fn create_sessions(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("sessions")
                .col(pk_uuid("id"))
                .col(char_len("user_id", 24))
                .col(ColumnDef::new("cookie_hash").var_binary(32).null().unique_key())
                .col(string("amr"))
                .col(string("provider"))
                .col(big_integer("created_at"))
                .col(big_integer("seen_at"))
                .col(big_integer("idle_at"))
                .col(big_integer("expires_at"))
                .col(string("address"))
                .col(string("user_agent"))
                .foreign_key(
                    ForeignKey::create()
                        .name("fk_sessions_user")
                        .from("sessions", "user_id")
                        .to("users", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    index(schema, "sessions", "user_id").await?;
    index(schema, "sessions", "idle_at").await
}

async fn create_refresh_families(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    schema
        .create_table(
            Table::create()
                .table("refresh_families")
                .col(pk_uuid("id"))
                .col(uuid("session_id"))
                .col(integer("generation"))
                .col(ColumnDef::new("token_hash").var_binary(32).not_null())
                .col(ColumnDef::new("sealed").var_binary(255).null())
                .col(boolean("used"))
                .col(big_integer_null("rotated_at"))
                .col(big_integer("access_expires_at"))
                .col(big_integer("created_at"))
                .col(big_integer("expires_at"))
                .foreign_key(
                    ForeignKey::create()
                        .name("fk_refresh_families_session")
                        .from("refresh_families", "session_id")
                        .to("sessions", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    index(schema, "refresh_families", "session_id").await?;
    index(schema, "refresh_families", "expires_at").await
}

pub(crate) async fn index(schema: &SchemaManager<'_>, table: &'static str, column: &'static str) -> Result<(), DbErr> {
    let name = format!("idx_{table}_{column}");
    schema.create_index(Index::create().name(name).table(table).col(column).to_owned()).await
}
