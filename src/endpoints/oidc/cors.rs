//! Who may read an answer from a page of another origin (SEC-130, Fetch section 3.2).

use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request};
use poem_openapi::payload::Response;

use crate::services::clients::Client;

/// Anybody's page, without credentials: what is public, or opened by a token in a header.
pub(super) const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// Lets any page read what `endpoint` answers at one path, its refusals too, and ask before with a
/// token in a header (Fetch section 3.2.2).
#[derive(Debug)]
pub struct OpenAt<E> {
    /// The path, with the base path.
    pub path: String,
    /// What answers there, and elsewhere.
    pub endpoint: E,
}

impl<E: Endpoint<Output = poem::Response>> Endpoint for OpenAt<E> {
    type Output = poem::Response;

    async fn call(&self, request: Request) -> poem::Result<poem::Response> {
        if request.original_uri().path() != self.path {
            return self.endpoint.call(request).await;
        }
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match is_preflight {
            true => preflight(),
            false => self.endpoint.call(request).await?,
        };
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        Ok(response)
    }
}

fn preflight() -> poem::Response {
    poem::Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST")
        .header(ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type")
        .header(ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

/// Lets the pages of a public client read `answer`: an app without a server of its own exchanges
/// its codes from there.
pub(super) fn for_client<T>(answer: Response<T>, request: &HeaderMap, client: &Client) -> Response<T> {
    match origin_of(request, client) {
        Some(origin) => answer.header(ACCESS_CONTROL_ALLOW_ORIGIN, origin).header(VARY, "Origin"),
        None => answer,
    }
}

/// The origin of the request, where it is one of the public client's own.
fn origin_of(request: &HeaderMap, client: &Client) -> Option<String> {
    let origin = request.get(ORIGIN)?.to_str().ok()?;
    (client.is_public() && client.owns_origin(origin)).then(|| origin.to_owned())
}
