//! What is refused before any routing: too large (SEC-127), of a form that says two things or nothing
//! (SEC-131), or of a method that we never take (SEC-132).

use poem::Request;
use poem::http::header::{HOST, TRANSFER_ENCODING};
use poem::http::{HeaderMap, Method, Version};

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
    } else if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
        Some(Error::new(ErrorKind::InvalidRequest, "The request names no host."))
    } else if is_transformed(request.headers()) {
        Some(Error::new(ErrorKind::UnsupportedMediaType, "Send the body uncompressed."))
    } else if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        Some(ErrorKind::MethodNotAllowed.into())
    } else {
        None
    }
}

/// Whether the body went through more than chunks on its way: nobody here would undo it (RFC 9112
/// section 6.1).
fn is_transformed(headers: &HeaderMap) -> bool {
    headers.get_all(TRANSFER_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

/// Name, value, and the four bytes between and after them.
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
