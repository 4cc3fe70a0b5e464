//! The resources that people have allowed their apps.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        // None were kept before, so people are asked once more; a node of the previous release writes none.
        let column = ColumnDef::new("resources").text().not_null().default("[]").to_owned();
        schema.alter_table(Table::alter().table("consents").add_column(column).to_owned()).await
    }
}
