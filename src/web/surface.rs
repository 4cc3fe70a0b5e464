//! The outermost layer: what is the same for every request, done once.
//!
//! It gives the request an id and a deadline, refuses what is too large, ends a panic in a 500,
//! puts the security headers on and writes the one log line.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use poem::PathPattern;
use poem::http::{Method, StatusCode, Uri};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::time::Instant;
use tracing::Instrument;

use crate::error::{Error, ErrorKind};
use crate::web::failure::{self, Shape};
use crate::web::{Context, Web, headers, limits, trace::RequestId};

/// Marks an answer that comes so often that it is logged at `debug` only.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

/// All routes, behind the outermost layer.
pub struct Surface<E> {
    web: Web,
    routes: E,
}

impl<E> Surface<E> {
    /// `routes` as the world sees them.
    pub fn new(web: Web, routes: E) -> Self {
        Self { web, routes }
    }
}

impl<E: Endpoint> Endpoint for Surface<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let id = RequestId::new(&self.web.random);
        let deadline = started + self.web.settings.request_timeout;
        request.set_data(Context { id, deadline, web: self.web.clone() });
        let (method, uri) = (request.method().clone(), request.uri().clone());

        let span = tracing::info_span!("request", %id);
        let mut response = self.answer(request, id, deadline).instrument(span.clone()).await;
        self.web.headers.put(response.headers_mut());
        if let Ok(value) = id.as_str().parse() {
            response.headers_mut().insert(headers::REQUEST_ID, value);
        }
        span.in_scope(|| log(&method, &uri, &response, started));
        Ok(response)
    }
}

impl<E: Endpoint> Surface<E> {
    async fn answer(&self, request: Request, id: RequestId, deadline: Instant) -> Response {
        if let Some(refusal) = limits::refusal(&request) {
            return failure::respond(&Shape::Problem, &refusal, id);
        }
        let answer = AssertUnwindSafe(self.routes.call(request)).catch_unwind();
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(Ok(response))) => response.into_response(),
            Ok(Ok(Err(error))) => failure::respond_to(&Shape::Problem, error, id),
            Ok(Err(_)) => failure::respond(&Shape::Problem, &Error::internal("a handler panicked"), id),
            Err(_) => failure::respond(&Shape::Problem, &ErrorKind::RequestTimeout.into(), id),
        }
    }
}

/// The route rather than the path, where one was found: a path may hold what is nobody's business,
/// and the query is never logged (SEC-148).
fn log(method: &Method, uri: &Uri, response: &Response, started: Instant) {
    let status = response.status();
    let path =
        response.data::<PathPattern>().map_or_else(|| uri.path().get(..200).unwrap_or(uri.path()), |route| &*route.0);
    let (code, micros) = (status.as_u16(), started.elapsed().as_micros());
    let routine = matches!(*method, Method::GET | Method::HEAD) || response.data::<Quiet>().is_some();
    if status >= StatusCode::INTERNAL_SERVER_ERROR {
        tracing::warn!(target: "postern::request", %method, ?path, status = code, micros, "answered");
    } else if routine && !status.is_client_error() {
        tracing::debug!(target: "postern::request", %method, ?path, status = code, micros, "answered");
    } else {
        tracing::info!(target: "postern::request", %method, ?path, status = code, micros, "answered");
    }
}
