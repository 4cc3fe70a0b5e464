//! One read that tells all about a session: its row, its person and whether a ban stands.
//!
//! This is the one place where a service names the tables of others: introspection has a budget
//! of a single indexed read.

use std::sync::LazyLock;

use entity::{RefreshFamilyId, SessionId, Timestamp, TokenHash, refresh_family, session, user};
use sea_orm::{ConnectionTrait, FromQueryResult, Iden, Iterable, QueryResult, Statement, Value};

use super::Session;
use crate::error::Result;
use crate::services::database::Database;
use crate::services::moderation::BANNED_USER;
use crate::services::users::User;

/// A session with its person.
#[derive(Clone, Debug)]
pub struct Live {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
    /// Whether a ban of that person stands.
    pub banned: bool,
}

impl Live {
    /// Whether it opens anything at `now`: neither over nor of a banned or disabled person.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let in_time = self.session.idle_at > now && self.session.expires_at > now;
        in_time && !self.banned && self.user.disabled_at.is_none()
    }

    fn read(row: &QueryResult) -> Result<Self> {
        Ok(Self {
            session: Session::from_query_result(row, "s_")?,
            user: User::from_query_result(row, "u_")?,
            banned: row.try_get("", "banned")?,
        })
    }
}

static BY_ID: LazyLock<String> = LazyLock::new(|| sql("", "sessions s", "s.id"));
static BY_COOKIE: LazyLock<String> = LazyLock::new(|| sql("", "sessions s", "s.cookie_hash"));
static BY_FAMILY: LazyLock<String> = LazyLock::new(|| {
    let family = columns::<refresh_family::Column>("f");
    sql(&format!("{family}, "), "refresh_families f JOIN sessions s ON s.id = f.session_id", "f.id")
});

fn sql(more: &str, from: &str, key: &str) -> String {
    let (session, user) = (columns::<session::Column>("s"), columns::<user::Column>("u"));
    format!(
        "SELECT {more}{session}, {user}, EXISTS (SELECT 1 FROM bans b WHERE b.kind = '{BANNED_USER}' \
         AND b.subject = u.id AND (b.expires_at IS NULL OR b.expires_at > $2)) AS banned \
         FROM {from} JOIN users u ON u.id = s.user_id WHERE {key} = $1"
    )
}

/// All columns of a table that goes by `alias`, each under a name of its own.
fn columns<C: Iterable + Iden>(alias: &str) -> String {
    let columns = C::iter().map(|column| {
        let name = column.unquoted();
        format!("{alias}.\"{name}\" AS {alias}_{name}")
    });
    columns.collect::<Vec<_>>().join(", ")
}

pub(super) async fn by_id(database: &Database, id: SessionId, now: Timestamp) -> Result<Option<Live>> {
    read(database, &BY_ID, id.into(), now).await?.map(|row| Live::read(&row)).transpose()
}

pub(super) async fn by_cookie(database: &Database, hash: TokenHash, now: Timestamp) -> Result<Option<Live>> {
    read(database, &BY_COOKIE, hash.into(), now).await?.map(|row| Live::read(&row)).transpose()
}

/// The refresh family `id`, its session and person, in one read.
///
/// # Errors
/// When the database is away.
pub(in crate::services) async fn by_family(
    database: &Database,
    id: RefreshFamilyId,
    now: Timestamp,
) -> Result<Option<(refresh_family::Model, Live)>> {
    let Some(row) = read(database, &BY_FAMILY, id.into(), now).await? else { return Ok(None) };
    Ok(Some((refresh_family::Model::from_query_result(&row, "f_")?, Live::read(&row)?)))
}

async fn read(database: &Database, sql: &str, key: Value, now: Timestamp) -> Result<Option<QueryResult>> {
    let connection = database.read();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [key, now.into()]);
    Ok(connection.query_one_raw(statement).await?)
}
