//! One read that tells all about a session: its row, its person and whether a ban stands.
//!
//! This is the one place where a service names the tables of others: introspection has a budget
//! of a single indexed read.

use std::sync::LazyLock;

use entity::{RefreshFamilyId, SessionId, Timestamp, TokenHash, refresh_family, session, user};
use sea_orm::{ConnectionTrait, DbErr, Iden, Iterable, QueryResult, Statement, TryGetable, Value};

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

    fn read(mut row: Row<'_>) -> Result<Self> {
        Ok(Self { session: row.session()?, user: row.user()?, banned: row.next()? })
    }
}

/// Reads a row from left to right: to look forty columns up by their names would cost more than the
/// query. The order is that of the tables' columns, which [`columns`] writes.
struct Row<'r> {
    row: &'r QueryResult,
    place: usize,
}

impl<'r> Row<'r> {
    const fn new(row: &'r QueryResult) -> Self {
        Self { row, place: 0 }
    }

    fn next<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        self.place += 1;
        self.row.try_get_by_index(self.place - 1)
    }

    fn session(&mut self) -> Result<Session, DbErr> {
        Ok(Session {
            id: self.next()?,
            user_id: self.next()?,
            cookie_hash: self.next()?,
            amr: self.next()?,
            provider: self.next()?,
            created_at: self.next()?,
            seen_at: self.next()?,
            idle_at: self.next()?,
            expires_at: self.next()?,
            address: self.next()?,
            user_agent: self.next()?,
        })
    }

    fn user(&mut self) -> Result<User, DbErr> {
        Ok(User {
            id: self.next()?,
            email: self.next()?,
            email_canonical: self.next()?,
            email_verified: self.next()?,
            name: self.next()?,
            username: self.next()?,
            password_hash: self.next()?,
            password_changed_at: self.next()?,
            roles: self.next()?,
            groups: self.next()?,
            provider: self.next()?,
            picture: self.next()?,
            disabled_at: self.next()?,
            created_at: self.next()?,
            updated_at: self.next()?,
        })
    }

    fn family(&mut self) -> Result<refresh_family::Model, DbErr> {
        Ok(refresh_family::Model {
            id: self.next()?,
            session_id: self.next()?,
            generation: self.next()?,
            token_hash: self.next()?,
            sealed: self.next()?,
            used: self.next()?,
            rotated_at: self.next()?,
            access_expires_at: self.next()?,
            created_at: self.next()?,
            expires_at: self.next()?,
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

/// All columns of a table that goes by `alias`, in the order of its row.
fn columns<C: Iterable + Iden>(alias: &str) -> String {
    C::iter().map(|column| format!("{alias}.\"{}\"", column.unquoted())).collect::<Vec<_>>().join(", ")
}

pub(super) async fn by_id(database: &Database, id: SessionId, now: Timestamp) -> Result<Option<Live>> {
    read(database, &BY_ID, id.into(), now).await?.map(|row| Live::read(Row::new(&row))).transpose()
}

pub(super) async fn by_cookie(database: &Database, hash: TokenHash, now: Timestamp) -> Result<Option<Live>> {
    read(database, &BY_COOKIE, hash.into(), now).await?.map(|row| Live::read(Row::new(&row))).transpose()
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
    let mut row = Row::new(&row);
    Ok(Some((row.family()?, Live::read(row)?)))
}

async fn read(database: &Database, sql: &str, key: Value, now: Timestamp) -> Result<Option<QueryResult>> {
    let connection = database.read();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [key, now.into()]);
    Ok(connection.query_one_raw(statement).await?)
}
