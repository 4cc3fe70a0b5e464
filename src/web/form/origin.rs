//! Where a browser says that a request comes from.

use poem::http::HeaderMap;
use poem::http::header::{HeaderName, ORIGIN};
use url::Url;

use crate::env::address::is_loopback;
use crate::error::{ErrorKind, Result};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Whether a request that changes something may come from where it says.
///
/// `Sec-Fetch-Site` (Fetch Metadata) has to be `same-origin`, or `none` for what the person began
/// in the browser itself; `Origin` has to be ours. An old browser, or a program, sends neither: then
/// the form's token alone decides.
///
/// # Errors
/// 403 when it comes from another site, or from a page that hides its origin (`null`).
pub fn check(headers: &HeaderMap, own: &Url) -> Result<()> {
    refuse_cross_site(headers)?;
    let mut origins = headers.get_all(ORIGIN).iter();
    let is_ours = origins.all(|origin| origin.to_str().is_ok_and(|origin| is_ours(origin, own)));
    if is_ours { Ok(()) } else { Err(ErrorKind::Forged.into()) }
}

/// The same by `Sec-Fetch-Site` alone, for what the chat's front end calls: behind the chat's proxy
/// its origin is the chat's. A hidden origin (`null`) is refused here too.
///
/// # Errors
/// 403 when it comes from another site.
pub fn refuse_cross_site(headers: &HeaderMap) -> Result<()> {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let is_near = sites.all(|site| site == "same-origin" || site == "none");
    let is_hidden = headers.get_all(ORIGIN).iter().any(|origin| origin == "null");
    if is_near && !is_hidden { Ok(()) } else { Err(ErrorKind::Forged.into()) }
}

/// Refuses what another site's page loads into itself, a picture or a frame say: only a link leads the person
/// to what begins something without changing anything.
///
/// # Errors
/// 403 when a browser says that it is such.
pub fn refuse_embedded(headers: &HeaderMap) -> Result<()> {
    let is = |name: HeaderName, good: &[&str]| headers.get_all(name).iter().all(|it| good.iter().any(|one| it == one));
    let is_navigation = is(SEC_FETCH_MODE, &["navigate"]) && is(SEC_FETCH_DEST, &["document"]);
    if is_navigation || is(SEC_FETCH_SITE, &["same-origin", "none"]) { Ok(()) } else { Err(ErrorKind::Forged.into()) }
}

/// Whether a browser says at all where a request comes from. Whether that is a good place, [`check`] tells.
pub(super) fn is_said(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE)
}

/// On one machine `localhost`, `127.0.0.1` and `[::1]` of one port are one place: the start prints
/// the one, and people type the other.
fn is_ours(origin: &str, own: &Url) -> bool {
    if origin == own.origin().ascii_serialization() {
        return true;
    }
    let Ok(origin) = Url::parse(origin) else { return false };
    let same_port = origin.scheme() == own.scheme() && origin.port_or_known_default() == own.port_or_known_default();
    same_port && is_loopback(&origin) && is_loopback(own)
}
