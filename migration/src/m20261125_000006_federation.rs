//! Accounts at other providers, and sign-ins there that are under way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, char_len, pk_uuid, string, text, text_null};

use super::m20261124_000002_sessions::index;
use super::m20261125_000004_oidc::{cascade, hash};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create_identities(schema).await?;
        create_flows(schema).await
    }
}

async fn create_identities(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("identities")
        .col(pk_uuid("id"))
        .col(char_len("user_id", 24))
        .col(string("connector"))
        .col(text("issuer"))
        .col(text("subject"))
        .col(text("label"))
        .col(text_null("email"))
        .col(boolean("email_verified"))
        .col(big_integer("created_at"))
        .col(big_integer("used_at"))
        .foreign_key(&mut cascade("identities", "user_id", "users"))
        .to_owned();
    schema.create_table(table).await?;
    let who = Index::create()
        .name("identities_who")
        .table("identities")
        .col("connector")
        .col("issuer")
        .col("subject")
        .unique()
        .to_owned();
    schema.create_index(who).await?;
    index(schema, "identities", "user_id").await
}

async fn create_flows(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("connector_flows")
        .col(hash("id").primary_key())
        .col(string("connector"))
        .col(hash("browser"))
        .col(ColumnDef::new("sealed").var_binary(8000).not_null())
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "connector_flows", "expires_at").await
}
