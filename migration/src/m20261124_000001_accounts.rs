//! Accounts, the names they were given, and what is true of the installation once for ever.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, char_len, string, string_null, string_uniq, text,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        schema
            .create_table(
                Table::create()
                    .table("users")
                    .col(char_len("id", 24).primary_key())
                    .col(string("email"))
                    .col(string_uniq("email_canonical"))
                    .col(boolean("email_verified"))
                    .col(string("name"))
                    .col(string_uniq("username"))
                    .col(string_null("password_hash"))
                    .col(big_integer_null("password_changed_at"))
                    .col(string("roles"))
                    .col(string("groups"))
                    .col(string("provider"))
                    .col(string_null("picture"))
                    .col(big_integer_null("disabled_at"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("usernames")
                    .col(string("username").primary_key())
                    .col(big_integer("given_at"))
                    .to_owned(),
            )
            .await?;
        schema
            .create_table(
                Table::create()
                    .table("facts")
                    .col(string("name").primary_key())
                    .col(text("value"))
                    .col(big_integer("since"))
                    .to_owned(),
            )
            .await
    }
}
