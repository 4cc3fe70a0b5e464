//! What is refused before any routing: too large (SEC-127), or of a method that we never take
//! (SEC-132).

use poem::Request;
use poem::http::header::HOST;
use poem::http::{HeaderMap, Method};

use crate::error::{Error, ErrorKind};

/// Bytes of a request target.
pub const URL: usize = 16 * 1024;
/// Bytes of all header fields.
const HEADERS: usize = 32 * 1024;
/// Parameters of a query or a form.
pub const PARAMETERS: usize = 100;

/// What is wrong with this request's head, if anything.
#[must_use]
pub fn refusal(request: &Request) -> Option<Error> {
    let query = request.uri().query().unwrap_or_default();
    if request.uri().path().len() + query.len() >= URL {
        Some(ErrorKind::UriTooLong.into())
    } else if size(request.headers()) > HEADERS {
        Some(ErrorKind::HeadersTooLarge.into())
    } else if query.bytes().filter(|byte| *byte == b'&').count() >= PARAMETERS {
        Some(Error::new(ErrorKind::InvalidRequest, "The address holds too many parameters."))
    } else if request.headers().get_all(HOST).iter().nth(1).is_some() {
        // RFC 9112 section 3.2.
        Some(Error::new(ErrorKind::InvalidRequest, "The request names more than one host."))
    } else if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        Some(ErrorKind::MethodNotAllowed.into())
    } else {
        None
    }
}

/// Name, value, and the four bytes between and after them.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
