//! One read that tells all about a session: its row, its person and whether a ban stands.
//!
//! This is the one place where a service names the tables of others: introspection has a budget
//! of a single indexed read.

use std::sync::LazyLock;

use entity::{GrantId, RefreshFamilyId, SessionId, Timestamp, TokenHash, grant, refresh_family, session, user};
use sea_orm::{ConnectionTrait, Iden, Iterable, QueryResult, Statement, Value};

use super::Session;
use super::row::Row;
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
        in_time && self.is_admitted()
    }

    /// Whether its person may be here at all: neither banned nor disabled.
    #[must_use]
    pub fn is_admitted(&self) -> bool {
        !self.banned && self.user.disabled_at.is_none()
    }

    fn read(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { session: row.session()?, user: row.user()?, banned: row.next()? })
    }
}

/// What a client was granted, with the session that it was granted in and its person.
#[derive(Clone, Debug)]
pub struct LiveGrant {
    /// The grant.
    pub grant: grant::Model,
    /// Its session and person.
    pub live: Live,
    /// Whether the one token that was asked about was revoked before its time.
    pub revoked: bool,
}

impl LiveGrant {
    /// Whether its tokens open anything at `now`: the grant is in time, its person is admitted, and
    /// its session lasts, unless it was given for longer than that (`offline_access`).
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        let in_time = self.grant.redeemed_at.is_some() && self.grant.expires_at > now;
        let session_lasts = if self.grant.offline { self.live.is_admitted() } else { self.live.is_alive(now) };
        in_time && session_lasts
    }

    fn read(mut row: Row<'_>) -> Result<Self> {
        Ok(Self { grant: row.grant()?, revoked: row.next()?, live: Live::read(&mut row)? })
    }
}

/// A refresh family with all that it hangs on.
#[derive(Clone, Debug)]
pub(in crate::services) struct LiveFamily {
    /// The family.
    pub(in crate::services) family: refresh_family::Model,
    /// Its session and person.
    pub(in crate::services) live: Live,
    /// What it refreshes, where that is a client's; none: the session itself.
    pub(in crate::services) grant: Option<grant::Model>,
}

impl LiveFamily {
    /// Whether it can be refreshed at all at `now`; whether its own time is over is another question.
    pub(in crate::services) fn is_alive(&self, now: Timestamp) -> bool {
        match &self.grant {
            None => self.live.is_alive(now),
            Some(grant) => {
                grant.expires_at > now && self.live.is_admitted() && (grant.offline || self.live.is_alive(now))
            }
        }
    }
}

static BY_ID: LazyLock<String> = LazyLock::new(|| sql("", "sessions s", "s.id"));
static BY_COOKIE: LazyLock<String> = LazyLock::new(|| sql("", "sessions s", "s.cookie_hash"));
static BY_FAMILY: LazyLock<String> = LazyLock::new(|| {
    let family = columns::<refresh_family::Column>("f");
    let grant = columns::<grant::Column>("g");
    let from = "refresh_families f LEFT JOIN grants g ON g.id = f.grant_id JOIN sessions s ON s.id = f.session_id";
    sql(&format!("{family}, {grant}, "), from, "f.id")
});
static BY_GRANT: LazyLock<String> = LazyLock::new(|| of_grant("g.id"));
static BY_CODE: LazyLock<String> = LazyLock::new(|| of_grant("g.code_hash"));

fn of_grant(key: &str) -> String {
    let revoked = "EXISTS (SELECT 1 FROM revoked_tokens r WHERE r.id = $3) AS revoked";
    let more = format!("{}, {revoked}, ", columns::<grant::Column>("g"));
    sql(&more, "grants g JOIN sessions s ON s.id = g.session_id", key)
}

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
    read(database, &BY_ID, [id.into(), now.into()]).await?.map(|row| Live::read(&mut Row::new(&row))).transpose()
}

pub(super) async fn by_cookie(database: &Database, hash: TokenHash, now: Timestamp) -> Result<Option<Live>> {
    read(database, &BY_COOKIE, [hash.into(), now.into()]).await?.map(|row| Live::read(&mut Row::new(&row))).transpose()
}

/// The refresh family `id` with all that it hangs on, in one read.
///
/// # Errors
/// When the database is away.
pub(in crate::services) async fn by_family(
    database: &Database,
    id: RefreshFamilyId,
    now: Timestamp,
) -> Result<Option<LiveFamily>> {
    let Some(row) = read(database, &BY_FAMILY, [id.into(), now.into()]).await? else { return Ok(None) };
    let mut row = Row::new(&row);
    let family = row.family()?;
    let grant = match family.grant_id {
        Some(_) => Some(row.grant()?),
        None => {
            row.skip_grant();
            None
        }
    };
    Ok(Some(LiveFamily { family, live: Live::read(&mut row)?, grant }))
}

/// The grant `id` with its session and person, and whether the token whose id hashes to `token`
/// was revoked, in one read.
///
/// # Errors
/// When the database is away.
pub(in crate::services) async fn by_grant(
    database: &Database,
    id: GrantId,
    token: TokenHash,
    now: Timestamp,
) -> Result<Option<LiveGrant>> {
    let row = read(database, &BY_GRANT, [id.into(), now.into(), token.into()]).await?;
    row.map(|row| LiveGrant::read(Row::new(&row))).transpose()
}

/// The grant whose code hashes to `code`, exchanged or not, with its session and person, in one read.
///
/// # Errors
/// When the database is away.
pub(in crate::services) async fn by_code(
    database: &Database,
    code: TokenHash,
    now: Timestamp,
) -> Result<Option<LiveGrant>> {
    // No token was asked about: none has this hash.
    let row = read(database, &BY_CODE, [code.into(), now.into(), TokenHash::new([0; 32]).into()]).await?;
    row.map(|row| LiveGrant::read(Row::new(&row))).transpose()
}

async fn read<const N: usize>(database: &Database, sql: &str, values: [Value; N]) -> Result<Option<QueryResult>> {
    let connection = database.read();
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?)
}
