//! The outermost layer: what is the same for every request, done once.
//!
//! It gives the request an id and a deadline, warns of proxies that are not listed, refuses what is
//! too large, ends a panic in a 500, puts the security headers on and writes the one log line.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
use poem::PathPattern;
use poem::http::{HeaderValue, Method, StatusCode, Uri, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use tokio::time::Instant;
use tracing::{Instrument, Span};

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
        let id = self.web.request_ids.next(&self.web.random);
        let deadline = started + self.web.settings.request_timeout;
        let readers = Arc::new(OnceLock::new());
        request.set_data(Context { id, deadline, web: self.web.clone(), readers: readers.clone() });
        let (method, uri) = (request.method().clone(), request.uri().clone());

        let span = if is_hot(&uri) { Span::none() } else { tracing::info_span!("request", %id) };
        // In a box of its own, or every layer around it would hold, and move, all that is inside.
        let answer = Box::pin(self.answer(request, id, deadline));
        let mut response = answer.instrument(span.clone()).await;
        self.web.headers.put(response.headers_mut());
        if let Some(origin) = readers.get() {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Ok(value) = id.as_str().parse() {
            response.headers_mut().insert(headers::REQUEST_ID, value);
        }
        span.in_scope(|| log(id, &method, &uri, &response, started));
        Ok(response)
    }
}

impl<E: Endpoint> Surface<E> {
    async fn answer(&self, request: Request, id: RequestId, deadline: Instant) -> Response {
        self.web.strangers.heed(&request, &self.web.settings.trusted_proxies);
        if let Some(refusal) = limits::refusal(&request) {
            return failure::respond(&Shape::Problem, &refusal, id);
        }
        let answer = pin!(AssertUnwindSafe(self.routes.call(request)).catch_unwind());
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(Ok(response))) => response.into_response(),
            Ok(Ok(Err(error))) => failure::respond_to(&Shape::Problem, error, id),
            Ok(Err(_)) => failure::respond(&Shape::Problem, &Error::internal("a handler panicked"), id),
            // The groups inside have answered by now, each in its own form.
            Err(_) => failure::respond(&Shape::Problem, &ErrorKind::Unavailable.into(), id),
        }
    }
}

/// Introspection is called on every request of a chat; a span would be a tenth of its cost.
fn is_hot(uri: &Uri) -> bool {
    uri.path().ends_with("/oauth2/introspect")
}

/// The route rather than the path, where one was found: a path may hold what is nobody's business,
/// and the query is never logged (SEC-148).
fn log(id: RequestId, method: &Method, uri: &Uri, response: &Response, started: Instant) {
    let status = response.status();
    let path =
        response.data::<PathPattern>().map_or_else(|| uri.path().get(..200).unwrap_or(uri.path()), |route| &*route.0);
    let code = status.as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    // Refreshing is what every front end does all day.
    let is_refresh = uri.path().ends_with("/api/auth/refresh");
    let is_usual = is_refresh || is_hot(uri) || response.data::<Quiet>().is_some();
    let routine = matches!(*method, Method::GET | Method::HEAD) || is_usual;
    if status >= StatusCode::INTERNAL_SERVER_ERROR {
        tracing::warn!(target: "postern::request", %id, %method, path, status = code, micros, "answered");
    } else if routine && !status.is_client_error() {
        tracing::debug!(target: "postern::request", %id, %method, path, status = code, micros, "answered");
    } else {
        tracing::info!(target: "postern::request", %id, %method, path, status = code, micros, "answered");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use poem::web::Path;
    use poem::{Route, handler};
    use tracing::Dispatch;
    use tracing::instrument::WithSubscriber;

    use super::*;
    use crate::web::Settings;
    use crate::web::failure::{get, post};
    use crate::web::tests::{settings, web};

    #[handler]
    async fn token(Path(token): Path<String>) -> poem::Result<String> {
        if token == "panic" { panic!("boom") } else { Ok(token) }
    }

    #[handler]
    async fn sleep() {
        std::future::pending::<()>().await;
    }

    fn site() -> Surface<Route> {
        let routes = Route::new().at("/tokens/:token", get(token).post(token));
        Surface::new(web(settings("https://auth.example.com")), routes)
    }

    async fn call(method: Method, path: &str) -> Response {
        site().get_response(Request::builder().header("host", "a").method(method).uri_str(path).finish()).await
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock().expect("nobody panics")).into_owned()
        }
    }

    /// A log, and what is written into it.
    fn captured() -> (Lines, Dispatch) {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        (lines, Dispatch::new(log))
    }

    /// What a call writes into the log, and its answer.
    async fn logged(method: Method, path: &str) -> (String, Response) {
        let (lines, log) = captured();
        let answer = call(method, path).with_subscriber(log).await;
        (lines.text(), answer)
    }

    #[tokio::test]
    async fn sec_148_the_log_names_the_route_and_never_path_or_query() {
        let (log, answer) = logged(Method::POST, "/tokens/hunter2?code=hunter3").await;
        let id = answer.headers()[headers::REQUEST_ID].to_str().expect("ASCII");
        assert!(log.contains("/tokens/:token") && log.contains("status=200") && log.contains(id), "{log}");
        assert!(!log.contains("hunter"), "{log}");
    }

    #[tokio::test]
    async fn a_refused_introspection_is_logged_with_its_id() {
        let (lines, answer) = logged(Method::POST, "/oauth2/introspect").await;
        let id = answer.headers()[headers::REQUEST_ID].to_str().expect("ASCII");
        assert!(lines.contains("status=404") && lines.contains(id), "{lines}");
    }

    /// No route here asks who is calling.
    #[tokio::test]
    async fn sec_117_sec_122_forwarded_headers_of_a_stranger_are_told_of_once() {
        for (trusted, times) in [("10.0.0.0/8", 1), ("127.0.0.1/32", 0)] {
            let (lines, log) = captured();
            let settings = Settings {
                trusted_proxies: vec![trusted.parse().expect("a network")],
                ..settings("https://auth.example.com")
            };
            let site = Surface::new(web(settings), Route::new());
            for name in ["accept", "x-forwarded-for", "forwarded", "x-forwarded-host", "x-forwarded-proto"] {
                let request =
                    Request::builder().header("host", "a").uri_str("/nothing").header(name, "192.0.2.1").finish();
                site.get_response(request).with_subscriber(log.clone()).await;
                let told = lines.text().matches("POSTERN_TRUSTED_PROXIES").count();
                assert_eq!(told, if name == "accept" { 0 } else { times }, "{name}: {}", lines.text());
            }
        }
    }

    #[tokio::test]
    async fn sec_129_every_answer_has_the_headers_and_an_id_of_its_own() {
        let mut ids = Vec::new();
        for (method, path, status) in [
            (Method::GET, "/tokens/a", 200),
            (Method::GET, "/nothing", 404),
            (Method::PUT, "/tokens/a", 405),
            (Method::TRACE, "/tokens/a", 405),
            (Method::GET, "/tokens/panic", 500),
        ] {
            let answer = call(method, path).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            for name in
                ["content-security-policy", "x-content-type-options", "referrer-policy", "strict-transport-security"]
            {
                assert!(answer.headers().contains_key(name), "{path}: {name}");
            }
            assert!(
                !answer.headers().contains_key("server")
                    && !answer.headers().contains_key("access-control-allow-origin")
            );
            ids.push(answer.headers()[headers::REQUEST_ID].clone());
        }
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended() {
        let short = Settings { request_timeout: Duration::from_millis(20), ..settings("http://localhost") };
        let site = Surface::new(web(short), Route::new().at("/sleep", post(sleep)));
        let request = Request::builder().header("host", "a").method(Method::POST).uri_str("/sleep").finish();
        let answer = site.get_response(request).await;
        assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"1".parse().expect("a value")));
    }
}
