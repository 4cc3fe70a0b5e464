//! How an [`Error`] looks: as a problem (RFC 9457), as OAuth's JSON (RFC 6749), as a page, bare.
//!
//! Handlers return `Result<_, Error>`. The group that a route stands in decides the shape, by its
//! [`Failures`] layer; what poem itself refuses goes the same way.

mod allow;
pub mod document;
mod foreign;
mod shapes;

pub use allow::{Allow, Methods, get, post};
pub use shapes::{OAuthError, PageRenderer, Problem, ProblemField, Shape, oauth_code};

use std::panic::AssertUnwindSafe;
use std::pin::pin;

use futures_util::FutureExt;
use poem::PathPattern;
use poem::error::ResponseError;
use poem::http::header::{self, HeaderValue};
use poem::http::{HeaderMap, StatusCode};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use crate::error::{Error, ErrorKind};
use crate::web::{Context, Web, trace::RequestId};

impl ResponseError for Error {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The layer of a group of routes: every failure inside leaves it in one shape.
#[derive(Clone)]
pub struct Failures {
    shape: Shape,
    allow: Allow,
}

impl Failures {
    /// `application/problem+json`; `allow` knows which methods the described paths take.
    #[must_use]
    pub fn problem(allow: Allow) -> Self {
        Self { shape: Shape::Problem, allow }
    }

    /// `{"error", "error_description"}`.
    #[must_use]
    pub fn oauth(allow: Allow) -> Self {
        Self { shape: Shape::OAuth, allow }
    }

    /// A page for a person.
    #[must_use]
    pub fn page(renderer: PageRenderer) -> Self {
        Self { shape: Shape::Page(renderer), allow: Allow::default() }
    }

    /// The status and nothing else.
    #[must_use]
    pub fn bare() -> Self {
        Self { shape: Shape::Bare, allow: Allow::default() }
    }
}

impl<E: Endpoint> Middleware<E> for Failures {
    type Output = Shaped<E>;

    fn transform(&self, routes: E) -> Shaped<E> {
        Shaped { failures: self.clone(), routes }
    }
}

/// Routes whose failures have one shape.
pub struct Shaped<E> {
    failures: Failures,
    routes: E,
}

impl<E: Endpoint> Endpoint for Shaped<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request);
        let web = Web::of(&request).ok().cloned();
        let deadline = request.data::<Context>().map(|context| context.deadline);
        let answer = pin!(AssertUnwindSafe(self.routes.call(request)).catch_unwind());
        let answer = match deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, answer).await,
            None => Ok(answer.await),
        };
        let error = match answer {
            Ok(Ok(Ok(answer))) => return Ok(answer.into_response()),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => Error::internal("a handler panicked").into(),
            // A body that is late has its own refusal (408) by now: this delay is ours.
            Err(_) => Error::from(ErrorKind::Unavailable).into(),
        };
        let base = web.as_ref().map_or("", |web| web.settings.base_path());
        let allow = self.failures.allow.methods(&error, base);
        let mut response = respond_to(&self.failures.shape, error, id);
        if let Some(methods) = allow.filter(|_| response.status() == StatusCode::METHOD_NOT_ALLOWED) {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}

/// The answer to a failure of poem's or of ours.
#[must_use]
pub fn respond_to(shape: &Shape, error: poem::Error, id: RequestId) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let route = error.data::<PathPattern>().cloned();
    let mut response = respond(shape, &foreign::ours(error), id);
    if let Some(route) = route {
        response.set_data(route);
    }
    response
}

/// The answer to `error`. Its cause goes to the log, once, here.
#[must_use]
pub fn respond(shape: &Shape, error: &Error, id: RequestId) -> Response {
    log(error, id);
    let mut response = shape.render(error, id);
    response.set_status(error.status());
    add_headers(error, response.headers_mut());
    response
}

/// RFC 6750, section 3.
const INVALID_TOKEN: &str = "Bearer realm=\"postern\", error=\"invalid_token\"";
const INSUFFICIENT_SCOPE: &str = "Bearer realm=\"postern\", error=\"insufficient_scope\"";

fn add_headers(error: &Error, headers: &mut HeaderMap) {
    if let Some(wait) = shapes::retry_after(error) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
    }
    match error.kind {
        ErrorKind::InvalidClient => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"postern\""));
        }
        ErrorKind::InvalidToken => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(INVALID_TOKEN));
        }
        ErrorKind::InsufficientScope => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(INSUFFICIENT_SCOPE));
        }
        // A 401 has to say how (RFC 9110, section 15.5.2); browsers do not prompt for this scheme.
        kind if kind.status() == 401 => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"postern\""));
        }
        // Not the path's own list: these two methods no path takes.
        ErrorKind::MethodNotAllowed => {
            headers.entry(header::ALLOW).or_insert(HeaderValue::from_static("GET, HEAD, POST"));
        }
        // The rest of the body is still on its way, and nobody will read it.
        ErrorKind::PayloadTooLarge | ErrorKind::RequestTimeout => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
}

fn log(error: &Error, id: RequestId) {
    let (code, cause) = (error.kind.code(), error.cause().map(ToString::to_string));
    if error.kind == ErrorKind::Internal {
        tracing::error!(%id, code, cause, "request failed");
    } else if error.kind.status() >= 500 {
        tracing::warn!(%id, code, cause, "request refused");
    } else {
        tracing::debug!(%id, code, cause, "request refused");
    }
}

#[cfg(test)]
mod tests;
