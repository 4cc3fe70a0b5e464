//! Every refusal of the house: one [`Error`], and the table of its kinds.
//!
//! Services and endpoints return it; only `web::failure` turns it into a response. What stands in
//! `detail` and in the problems of fields is for the person who asked; the cause is only logged.
//! To add a kind: one line in the table.

use std::borrow::Cow;
use std::time::Duration;

use entity::Timestamp;

/// Result with our own [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_kinds {
    ($($(#[$about:meta])* $kind:ident = $code:literal, $status:literal, $detail:literal;)*) => {
        /// What went wrong, as a row of the table: wire code, status, default words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $($(#[$about])* $kind,)* }

        impl ErrorKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The code on the wire (RFC 6749 section 5.2 where it has one).
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }

            /// What a person reads when nothing more exact is known.
            #[must_use]
            pub const fn default_detail(self) -> &'static str {
                match self { $(Self::$kind => $detail,)* }
            }
        }
    };
}

error_kinds! {
    /// The request is malformed: a missing or repeated parameter, a value of a wrong type.
    InvalidRequest = "invalid_request", 400, "The request is malformed.";
    /// Fields hold values that cannot be accepted; the problems name them.
    InvalidInput = "invalid_input", 400, "Some fields need another look.";
    /// A client did not prove who it is (RFC 6749 section 5.2).
    InvalidClient = "invalid_client", 401, "Client authentication failed.";
    /// A code or refresh token is none, is used, or belongs to somebody else (RFC 6749 section 5.2).
    InvalidGrant = "invalid_grant", 400, "The code or refresh token is not valid.";
    /// The client may not use this grant (RFC 6749 section 5.2).
    UnauthorizedClient = "unauthorized_client", 400, "This client may not do this.";
    /// No such grant is spoken here (RFC 6749 section 5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400, "This grant type is not supported.";
    /// More is asked for than was granted (RFC 6749 section 5.2).
    InvalidScope = "invalid_scope", 400, "A scope is unknown or more than may be granted.";
    /// The resource is none that the client may use (RFC 8707 section 2).
    InvalidTarget = "invalid_target", 400, "The resource is none that this client may use.";
    /// Only `code` is spoken here (RFC 6749 section 4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400, "Only the response type code is supported.";
    /// Request objects are not read (OpenID Connect Core section 3.1.2.6).
    RequestNotSupported = "request_not_supported", 400, "Request objects are not supported.";
    /// Only pushed requests are named by URI (OpenID Connect Core section 3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported", 400, "Only the request_uri of a pushed request is supported.";
    /// Nobody is signed in, and nobody may be asked (OpenID Connect Core section 3.1.2.6).
    LoginRequired = "login_required", 400, "The person has to sign in.";
    /// The person has not agreed, and may not be asked (OpenID Connect Core section 3.1.2.6).
    ConsentRequired = "consent_required", 400, "The person has to agree.";
    /// A page has to be shown, and none may be (OpenID Connect Core section 3.1.2.6).
    InteractionRequired = "interaction_required", 400, "The person has to do something first.";
    /// No sign-in here is of the class that was asked for (OpenID Connect Unmet Authentication Requirements).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400, "No sign-in of the requested class is possible.";
    /// The person said no (RFC 6749 section 4.1.2.1).
    AccessDenied = "access_denied", 403, "The person did not agree.";
    /// The access token is dead or not meant for this (RFC 6750 section 3.1).
    InvalidToken = "invalid_token", 401, "The access token is not valid.";
    /// The access token does not open this (RFC 6750 section 3.1).
    InsufficientScope = "insufficient_scope", 403, "The access token does not open this.";
    /// E-mail and password do not belong together, for whatever reason.
    WrongCredentials = "wrong_credentials", 401, "That e-mail and password do not match an account.";
    /// Nobody is signed in, or the token is dead.
    Unauthenticated = "unauthenticated", 401, "Sign in to go on.";
    /// A page's form was not ours, or came from elsewhere.
    Forged = "forged_form", 403, "This form is out of date. Load the page again and repeat what you did.";
    /// The person is known but may not do this.
    Forbidden = "forbidden", 403, "You may not do this.";
    /// The account is banned; said only after the right password.
    Banned = "banned", 403, "This account is banned.";
    /// The account is disabled; said only after the right password.
    Disabled = "disabled", 403, "This account is disabled. Ask the operator of this service.";
    /// Sign-up is switched off.
    RegistrationOff = "registration_off", 403, "Sign-up is closed here. Ask the operator for an account.";
    /// Password sign-in is switched off.
    PasswordLoginOff = "password_login_off", 403, "Signing in with a password is switched off here.";
    /// The address has not been verified; said only after the right password.
    Unverified = "unverified", 422, "Confirm your e-mail address first.";
    /// There is no such thing, or it is not the caller's.
    NotFound = "not_found", 404, "There is nothing at this address.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take that method.";
    /// The request took too long to arrive.
    RequestTimeout = "request_timeout", 408, "The request took too long.";
    /// What is to be made exists already.
    Conflict = "conflict", 409, "That exists already.";
    /// The body is over the limit.
    PayloadTooLarge = "payload_too_large", 413, "The request is too large.";
    /// The URL is over the limit.
    UriTooLong = "uri_too_long", 414, "The address is too long.";
    /// The body is of a type that this endpoint does not read.
    UnsupportedMediaType = "unsupported_media_type", 415, "The body is of a type that is not read here.";
    /// Too many tries; `retry_after` says when to come back.
    TooManyRequests = "too_many_requests", 429, "Too many tries. Wait a little and try again.";
    /// The headers are over the limit.
    HeadersTooLarge = "headers_too_large", 431, "The request's headers are too large.";
    /// A fault of ours.
    Internal = "server_error", 500, "Something went wrong on our side.";
    /// We cannot answer now: too busy, or the database is away (RFC 6749 section 4.1.2.1).
    Unavailable = "temporarily_unavailable", 503, "The service is busy. Try again in a moment.";
}

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
            DbErr::Exec(cause) | DbErr::Query(cause) => is_connection_lost(cause),
            _ => false,
        };
        if away { Self::busy(Duration::from_secs(1)).because(error) } else { Self::internal(error) }
    }
}

fn is_connection_lost(cause: &sea_orm::RuntimeErr) -> bool {
    use sea_orm::{RuntimeErr, SqlxError};
    let RuntimeErr::SqlxError(error) = cause else { return false };
    match &**error {
        SqlxError::Io(_) | SqlxError::PoolClosed | SqlxError::PoolTimedOut | SqlxError::WorkerCrashed => true,
        // Class 57: operator intervention (shutdown, crash); class 53: out of resources; class 08:
        // connection exceptions (PostgreSQL, appendix A).
        SqlxError::Database(error) => error
            .code()
            .is_some_and(|code| ["57", "53", "08"].iter().any(|class| code.len() == 5 && code.starts_with(class))),
        _ => false,
    }
}
