//! The OpenID provider: signing keys, what clients were granted, and requests under way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, char_len, char_len_null, integer, pk_uuid, string, string_null, text,
    text_null, uuid, uuid_null,
};

use super::m20261124_000002_sessions::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        create_signing_keys(schema).await?;
        widen_sessions(schema).await?;
        create_grants(schema).await?;
        create_access_tokens(schema).await?;
        create_requests(schema).await?;
        create_device_codes(schema).await?;
        create_consents(schema).await?;
        create_spent(schema).await?;
        create_outbox(schema).await
    }
}

/// A column for the 32 bytes of a hash.
pub(super) fn hash(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).var_binary(32).not_null().to_owned()
}

pub(super) fn cascade(table: &'static str, column: &'static str, to: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("fk_{table}_{column}"))
        .from(table, column)
        .to(to, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

async fn create_signing_keys(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("signing_keys")
        .col(string("id").primary_key())
        .col(string("algorithm"))
        .col(ColumnDef::new("private_sealed").var_binary(8000).not_null())
        .col(text("public_jwk"))
        .col(big_integer("created_at"))
        .col(big_integer("signs_from"))
        .col(big_integer_null("retired_at"))
        .col(big_integer_null("expires_at"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "signing_keys", "expires_at").await
}

/// What a session of the previous release has not: when the person proved themselves last, and how
/// long its row is kept for the sake of what hangs on it.
async fn widen_sessions(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in ["authenticated_at", "kept_until"] {
        let alter = Table::alter().table("sessions").add_column(big_integer_null(column)).to_owned();
        schema.alter_table(alter).await?;
    }
    Ok(())
}

async fn create_grants(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("grants")
        .col(pk_uuid("id"))
        .col(string("client_id"))
        .col(char_len("user_id", 24))
        .col(uuid("session_id"))
        .col(text("scope"))
        .col(text("audience"))
        .col(text_null("claims"))
        .col(text_null("redirect_uri"))
        .col(string_null("challenge"))
        .col(text_null("nonce"))
        .col(ColumnDef::new("code_hash").var_binary(32).null().unique_key())
        .col(big_integer_null("code_expires_at"))
        .col(big_integer_null("redeemed_at"))
        .col(boolean("offline"))
        .col(big_integer("authenticated_at"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut cascade("grants", "user_id", "users"))
        .foreign_key(&mut cascade("grants", "session_id", "sessions"))
        .to_owned();
    schema.create_table(table).await?;
    for column in ["user_id", "session_id", "client_id", "expires_at"] {
        index(schema, "grants", column).await?;
    }
    // SQLite adds a column with its foreign key only in this form; the two agree on it.
    let kind = match schema.get_database_backend() {
        sea_orm::DbBackend::Sqlite => "uuid_text",
        _ => "uuid",
    };
    let add = format!(
        "ALTER TABLE refresh_families ADD COLUMN grant_id {kind} NULL REFERENCES grants (id) ON DELETE CASCADE"
    );
    schema.get_connection().execute_unprepared(&add).await?;
    index(schema, "refresh_families", "grant_id").await
}

/// Tokens that are rows: opaque access tokens, and the ids of signed ones that were revoked.
async fn create_access_tokens(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("access_tokens")
        .col(hash("id").primary_key())
        .col(string("client_id"))
        .col(uuid_null("grant_id"))
        .col(text("scope"))
        .col(text("audience"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut cascade("access_tokens", "grant_id", "grants"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "access_tokens", "grant_id").await?;
    index(schema, "access_tokens", "expires_at").await
}

/// Authorization requests that wait for their person, and those that clients have pushed.
async fn create_requests(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let waiting = Table::create()
        .table("authorization_requests")
        .col(hash("id").primary_key())
        .col(string("client_id"))
        .col(hash("browser"))
        .col(text("parameters"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(waiting).await?;
    index(schema, "authorization_requests", "expires_at").await?;
    let pushed = Table::create()
        .table("pushed_requests")
        .col(hash("id").primary_key())
        .col(string("client_id"))
        .col(text("parameters"))
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(pushed).await?;
    index(schema, "pushed_requests", "expires_at").await
}

async fn create_device_codes(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("device_codes")
        .col(hash("id").primary_key())
        .col(ColumnDef::new("user_code_hash").var_binary(32).not_null().unique_key())
        .col(string("client_id"))
        .col(text("scope"))
        .col(text("audience"))
        .col(string("state"))
        .col(char_len_null("user_id", 24))
        .col(uuid_null("session_id"))
        .col(string("address"))
        .col(string("user_agent"))
        .col(big_integer("interval_seconds"))
        .col(big_integer_null("polled_at"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut cascade("device_codes", "user_id", "users"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "device_codes", "expires_at").await
}

async fn create_consents(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("consents")
        .col(char_len("user_id", 24))
        .col(string("client_id"))
        .col(text("scope"))
        .col(text("claims"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("user_id").col("client_id"))
        .foreign_key(&mut cascade("consents", "user_id", "users"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "consents", "client_id").await
}

/// Ids that may be used once: of client assertions, and of revoked tokens.
async fn create_spent(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    for name in ["spent_assertions", "revoked_tokens"] {
        let table = Table::create().table(name).col(hash("id").primary_key()).col(big_integer("expires_at")).to_owned();
        schema.create_table(table).await?;
        index(schema, name, "expires_at").await?;
    }
    let table = Table::create()
        .table("initial_access_tokens")
        .col(hash("id").primary_key())
        .col(integer("uses_left"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "initial_access_tokens", "expires_at").await?;
    widen_clients(schema).await
}

/// Of a client that registered itself: what it is managed by, and until when it waits for its first
/// person.
async fn widen_clients(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns =
        [ColumnDef::new("registration_hash").var_binary(32).null().to_owned(), big_integer_null("expires_at")];
    for column in columns {
        schema.alter_table(Table::alter().table("clients").add_column(column).to_owned()).await?;
    }
    index(schema, "clients", "expires_at").await
}

async fn create_outbox(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("outbox")
        .col(pk_uuid("id"))
        .col(string("kind"))
        .col(text("target"))
        .col(text("payload"))
        .col(integer("attempts"))
        .col(text_null("last_error"))
        .col(big_integer("created_at"))
        .col(big_integer("due_at"))
        .col(big_integer("expires_at"))
        .to_owned();
    schema.create_table(table).await?;
    index(schema, "outbox", "due_at").await?;
    index(schema, "outbox", "expires_at").await
}
