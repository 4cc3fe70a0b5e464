//! Who may read an answer from a page of another origin (SEC-130, Fetch section 3.2).

use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use poem::http::{HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request};

use super::registration::{REGISTER, REGISTRATIONS};
use super::userinfo::USERINFO;
use crate::services::clients::Client;
use crate::web::let_read;

/// Anybody's page, without credentials: what is public, or opened by a token in a header.
pub(super) const ANYBODY: HeaderValue = HeaderValue::from_static("*");

/// A path that any page may call.
#[derive(Debug)]
pub struct Place {
    /// Below the base path; one with a slash at its end stands for whatever is one step below it.
    path: &'static str,
    /// What a page may do there.
    methods: &'static str,
}

const USERINFO_PLACE: Place = Place { path: USERINFO, methods: "GET, POST" };
/// Where any page may call.
pub const OPEN: &[Place] = &[USERINFO_PLACE];
/// The same where clients may register themselves, some of them from a page of their own.
pub const OPEN_WITH_REGISTRATION: &[Place] = &[
    USERINFO_PLACE,
    Place { path: REGISTER, methods: "POST" },
    Place { path: REGISTRATIONS, methods: "GET, PUT, DELETE" },
];

impl Place {
    fn is_at(&self, path: &str) -> bool {
        match path.strip_prefix(self.path) {
            Some(rest) if self.path.ends_with('/') => !rest.is_empty() && !rest.contains('/'),
            rest => rest == Some(""),
        }
    }
}

/// Lets any page read what `endpoint` answers at some paths, its refusals too, and ask before with a
/// token in a header (Fetch section 3.2.2).
#[derive(Debug)]
pub struct OpenAt<E> {
    /// The base path.
    pub base: String,
    /// The paths.
    pub places: &'static [Place],
    /// What answers there, and elsewhere.
    pub endpoint: E,
}

impl<E: Endpoint<Output = poem::Response>> Endpoint for OpenAt<E> {
    type Output = poem::Response;

    async fn call(&self, request: Request) -> poem::Result<poem::Response> {
        let path = request.original_uri().path().strip_prefix(&self.base);
        let Some(place) = path.and_then(|path| self.places.iter().find(|place| place.is_at(path))) else {
            return self.endpoint.call(request).await;
        };
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match is_preflight {
            true => preflight(place.methods),
            false => self.endpoint.call(request).await?,
        };
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYBODY);
        Ok(response)
    }
}

fn preflight(methods: &'static str) -> poem::Response {
    poem::Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(ACCESS_CONTROL_ALLOW_METHODS, methods)
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
