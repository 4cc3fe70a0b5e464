//! Who may read an answer from a page of another origin (SEC-130, Fetch section 3.2).

use poem::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, VARY};
use poem::http::{HeaderMap, HeaderValue};
use poem_openapi::payload::Response;
use url::Url;

use crate::services::clients::Client;

/// Anybody's page, without credentials: what is public, or opened by a token in a header.
pub(super) const ANYBODY: HeaderValue = HeaderValue::from_static("*");

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
    let is_its_own = |address: &str| {
        let origin_of = Url::parse(address).ok().map(|url| url.origin());
        origin_of.is_some_and(|own| own.is_tuple() && own.ascii_serialization() == origin)
    };
    let known = client.redirect_uris.iter().any(|address| is_its_own(address.as_str()));
    (client.is_public() && known).then(|| origin.to_owned())
}
