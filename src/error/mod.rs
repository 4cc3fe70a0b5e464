//! Every refusal of the house: one [`Error`], and the table of its kinds.
//!
//! Services and endpoints return it; only `web::failure` turns it into a response. What stands in
//! `detail` and in the problems of fields is for the person who asked; the cause is only logged.

mod kind;

pub use kind::ErrorKind;

use std::borrow::Cow;
use std::time::Duration;

use entity::Timestamp;

/// Result with our own [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One problem with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong and what would be right, as a sentence for the person.
    pub message: Cow<'static, str>,
}

impl FieldProblem {
    /// A problem of `field`.
    pub fn new(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field, message: message.into() }
    }
}

/// What a banned person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanNotice {
    /// When it was set.
    pub since: Timestamp,
    /// When it ends by itself; none: when it is lifted.
    pub until: Option<Timestamp>,
    /// Why, where the operator says so.
    pub reason: Option<String>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A refusal: its kind, words for the person, and a cause that only the log sees.
pub struct Error {
    /// The row of the table.
    pub kind: ErrorKind,
    /// One readable sentence for whoever asked.
    pub detail: Cow<'static, str>,
    /// Problems with single fields.
    pub fields: Vec<FieldProblem>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// For [`ErrorKind::Banned`]: since when, until when, why.
    pub ban: Option<Box<BanNotice>>,
    cause: Option<Cause>,
}

impl Error {
    /// A refusal of `kind` with words of its own.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), fields: Vec::new(), retry_after: None, ban: None, cause: None }
    }

    /// A refusal for what stands in single fields.
    #[must_use]
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..ErrorKind::InvalidInput.into() }
    }

    /// A fault of ours: the person reads general words, the log the cause.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self { cause: Some(cause.into()), ..ErrorKind::Internal.into() }
    }

    /// Not now: worth another try after `retry_after`.
    #[must_use]
    pub fn busy(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..ErrorKind::Unavailable.into() }
    }

    /// Adds when it is worth trying again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Adds what caused it, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What caused it, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.default_detail())
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind.code(), self.detail)?;
        for problem in &self.fields {
            write!(f, "; {}: {}", problem.field, problem.message)?;
        }
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}

impl From<sea_orm::DbErr> for Error {
    /// A database that cannot be reached is an honest "not now"; anything else is our fault.
    fn from(error: sea_orm::DbErr) -> Self {
        use sea_orm::DbErr;
        let away = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(cause) | DbErr::Query(cause) => is_out_of_service(cause),
            _ => false,
        };
        if away { Self::busy(Duration::from_secs(1)).because(error) } else { Self::internal(error) }
    }
}

/// Whether a database is lost, or takes nothing for a reason that is its own: the disk is full, or a copy that
/// is only read has taken its place.
fn is_out_of_service(cause: &sea_orm::RuntimeErr) -> bool {
    use sea_orm::{RuntimeErr, SqlxError};
    let RuntimeErr::SqlxError(error) = cause else { return false };
    match &**error {
        SqlxError::Io(_) | SqlxError::PoolClosed | SqlxError::PoolTimedOut | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| tells_of_an_outage(&code)),
        _ => false,
    }
}

fn tells_of_an_outage(code: &str) -> bool {
    // PostgreSQL, appendix A. Class 57: operator intervention (shutdown, crash); class 53: out of resources;
    // class 40: undone for the sake of others (deadlock); class 08: connection exceptions; 25006: a copy that is
    // only read.
    if code.len() == 5 {
        return code == "25006" || ["57", "53", "40", "08"].iter().any(|class| code.starts_with(class));
    }
    // SQLite: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; the lowest byte of an extended code says which.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::tells_of_an_outage;

    #[test]
    fn sec_151_what_is_worth_another_try_is_told_from_a_fault_of_ours() {
        let lost = ["57P01", "53100", "08006", "25006", "40001", "40P01"];
        let locked_read_only_broken_full = ["5", "261", "517", "6", "8", "1032", "10", "778", "13", "14", "526"];
        for code in lost.into_iter().chain(locked_read_only_broken_full) {
            assert!(tells_of_an_outage(code), "{code}");
        }
        for ours in ["23505", "42P01", "22P02", "25P02", "1", "11", "19", "787", "1555", "2067", "", "x"] {
            assert!(!tells_of_an_outage(ours), "{ours}");
        }
    }
}
