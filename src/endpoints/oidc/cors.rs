//! Who may read an answer from a page of another origin (SEC-130, Fetch section 3.2).

use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use poem::http::{HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request};

use crate::services::clients::Client;
use crate::web::let_read;

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

/// Lets the pages of a public client read what it is answered, a refusal too: an app without a server of
/// its own exchanges its codes and gives its tokens up from there.
pub(super) fn let_client_read(request: &Request, client: &Client) {
    let is_its_own = |origin: &&HeaderValue| origin.to_str().is_ok_and(|origin| client.owns_origin(origin));
    if let Some(origin) = request.headers().get(ORIGIN).filter(is_its_own).filter(|_| client.is_public()) {
        let_read(request, origin);
    }
}
