//! People's pictures, which were fetched from the providers that they came in by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{char_len, string};

use super::m20261125_000004_oidc::cascade;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("pictures")
            .col(string("id").primary_key())
            .col(char_len("user_id", 24).unique_key())
            .col(string("connector"))
            .col(ColumnDef::new("bytes").blob().not_null())
            .foreign_key(&mut cascade("pictures", "user_id", "users"))
            .to_owned();
        schema.create_table(table).await
    }
}
