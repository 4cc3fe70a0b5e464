//! The shapes that a failure can take.

use std::fmt;
use std::sync::Arc;

use poem::http::StatusCode;
use poem::http::header::{self, HeaderValue};
use poem::{IntoResponse, Response};
use poem_openapi::Object;
use poem_openapi::types::{Example, ToJSON};

use crate::error::{Error, ErrorKind, FieldProblem};
use crate::web::trace::RequestId;

/// Makes the page that shows an error to a person. Status and headers are put on afterwards.
pub type PageRenderer = Arc<dyn Fn(&Error, RequestId) -> Response + Send + Sync>;

/// How the failures of a group look.
#[derive(Clone)]
pub enum Shape {
    /// `application/problem+json` (RFC 9457).
    Problem,
    /// `{"error", "error_description"}` (RFC 6749, section 5.2).
    OAuth,
    /// A page.
    Page(PageRenderer),
    /// The status and nothing else.
    Bare,
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Problem => "Problem",
            Self::OAuth => "OAuth",
            Self::Page(_) => "Page",
            Self::Bare => "Bare",
        })
    }
}

impl Shape {
    pub(super) fn render(&self, error: &Error, id: RequestId) -> Response {
        match self {
            Self::Problem => json("application/problem+json", &Problem::of(error, id)),
            Self::OAuth => json("application/json", &OAuthError::of(error)),
            Self::Page(renderer) => renderer(error, id),
            Self::Bare => StatusCode::OK.into_response(),
        }
    }
}

fn json(media_type: &'static str, body: &impl ToJSON) -> Response {
    let mut response = body.to_json_string().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Seconds after which it is worth trying again; never silent where an answer asks for patience.
pub(super) fn retry_after(error: &Error) -> Option<u64> {
    let given = error.retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    match error.kind {
        ErrorKind::TooManyRequests | ErrorKind::Unavailable => Some(given.unwrap_or(1).max(1)),
        _ => given,
    }
}

/// What went wrong (RFC 9457).
#[derive(Object, Debug)]
#[oai(skip_serializing_if_is_none, example)]
pub struct Problem {
    /// The kind of problem, as a URI that programs compare.
    r#type: String,
    /// The kind of problem, in words.
    title: String,
    /// The HTTP status.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    status: u16,
    /// One sentence for the person.
    detail: String,
    /// The same sentence, where LibreChat's front end looks for it.
    message: String,
    /// Problems of single fields; empty when there are none.
    errors: Vec<ProblemField>,
    /// The id of the request, to quote when asking for help.
    request_id: String,
    /// Seconds after which it is worth trying again.
    retry_after: Option<u64>,
}

/// What is wrong with one field.
#[derive(Object, Debug)]
pub struct ProblemField {
    /// The field's name.
    field: String,
    /// What is wrong and what would be right.
    message: String,
}

impl Problem {
    pub(super) fn of(error: &Error, id: RequestId) -> Self {
        let field = |problem: &FieldProblem| ProblemField {
            field: problem.field.to_owned(),
            message: problem.message.to_string(),
        };
        Self {
            r#type: format!("urn:postern:problem:{}", error.kind.code()),
            title: error.kind.default_detail().to_owned(),
            status: error.kind.status(),
            detail: error.detail.to_string(),
            message: error.detail.to_string(),
            errors: error.fields.iter().map(field).collect(),
            request_id: id.to_string(),
            retry_after: retry_after(error),
        }
    }

    /// As the document shows it.
    pub(super) fn sample(error: &Error) -> Self {
        Self::of(error, RequestId::SAMPLE)
    }
}

impl Example for Problem {
    fn example() -> Self {
        let problem = FieldProblem::new("email", "This is not an e-mail address.");
        Self::sample(&Error::invalid(vec![problem]))
    }
}

/// What went wrong, for OAuth clients (RFC 6749, section 5.2).
#[derive(Object, Debug)]
#[oai(example)]
pub struct OAuthError {
    /// The error's code.
    error: String,
    /// What went wrong, for the client's developer.
    error_description: String,
}

impl OAuthError {
    pub(super) fn of(error: &Error) -> Self {
        let printable = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
        let description = error.detail.chars().map(|letter| if printable(letter) { letter } else { '\'' });
        Self { error: oauth_code(error.kind).to_owned(), error_description: description.collect() }
    }
}

impl Example for OAuthError {
    fn example() -> Self {
        Self::of(&ErrorKind::InvalidClient.into())
    }
}

/// The codes that the specifications know; any other refusal is one of their kinds, too.
#[must_use]
pub fn oauth_code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidClient
        | ErrorKind::InvalidGrant
        | ErrorKind::UnauthorizedClient
        | ErrorKind::UnsupportedGrantType
        | ErrorKind::InvalidScope
        | ErrorKind::InvalidTarget
        | ErrorKind::InvalidRedirectUri
        | ErrorKind::InvalidClientMetadata
        | ErrorKind::UnapprovedSoftwareStatement
        | ErrorKind::UnsupportedResponseType
        | ErrorKind::RequestNotSupported
        | ErrorKind::RequestUriNotSupported
        | ErrorKind::LoginRequired
        | ErrorKind::ConsentRequired
        | ErrorKind::InteractionRequired
        | ErrorKind::UnmetAuthenticationRequirements
        | ErrorKind::AccessDenied
        | ErrorKind::AuthorizationPending
        | ErrorKind::SlowDown
        | ErrorKind::ExpiredToken
        | ErrorKind::InvalidToken
        | ErrorKind::InsufficientScope => kind.code(),
        ErrorKind::Internal => "server_error",
        ErrorKind::Unavailable | ErrorKind::TooManyRequests => "temporarily_unavailable",
        ErrorKind::Forbidden
        | ErrorKind::Banned
        | ErrorKind::Disabled
        | ErrorKind::NotMember
        | ErrorKind::GroupsUnknown
        | ErrorKind::OtherTenant
        | ErrorKind::RoleMissing => "access_denied",
        _ => "invalid_request",
    }
}
