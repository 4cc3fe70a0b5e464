//! Headers of every answer (SEC-129).
//!
//! Each is put only where the endpoint has not set it: an asset brings a caching of its own.

use poem::http::HeaderMap;
use poem::http::header::{self, HeaderName, HeaderValue};

use crate::env::address::is_loopback;
use crate::web::settings::Settings;

/// The header that carries a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page whose forms may end at `source` too; one that sends a form by itself does
/// so with our own script.
#[must_use]
pub fn policy_with_form_action(source: &str) -> String {
    POLICY.replace("form-action 'self'", &format!("form-action 'self' {source}"))
}

/// What every answer carries unless it says otherwise.
///
/// `same-origin` rather than `no-referrer`: under the latter browsers send `Origin: null` with our
/// own forms (Fetch, section 4.4.1), and a form's origin could not be checked.
const DEFAULTS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Two years, and never for subdomains: those are other people's hosts (SEC-129).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Puts the security headers on answers.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    defaults: HeaderMap,
}

impl SecurityHeaders {
    /// The headers for a server at this public address.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let mut defaults = HeaderMap::from_iter(DEFAULTS);
        if settings.url.scheme() == "https" && !is_loopback(&settings.url) {
            defaults.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        Self { defaults }
    }

    /// Adds what is missing.
    pub fn put(&self, headers: &mut HeaderMap) {
        // The endpoint's over a copy of ours: to look each of ours up would be the greater work.
        let own = std::mem::replace(headers, self.defaults.clone());
        headers.extend(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_at(url: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        SecurityHeaders::new(&crate::web::tests::settings(url)).put(&mut headers);
        headers
    }

    #[test]
    fn sec_129_every_answer_has_a_strict_policy() {
        let headers = headers_at("https://auth.example.com");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("ASCII");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{part}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("upgrade-insecure-requests"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn sec_129_https_off_loopback_is_remembered_by_browsers_without_subdomains() {
        let strict = |url| headers_at(url).get(header::STRICT_TRANSPORT_SECURITY).cloned();
        assert_eq!(strict("https://auth.example.com"), Some(HeaderValue::from_static("max-age=63072000")));
        let here = ["https://localhost:3081", "https://localhost.", "https://127.0.0.1", "https://[::1]"];
        for url in here.into_iter().chain(["http://auth.example.com"]) {
            assert_eq!(strict(url), None, "{url}");
        }
    }
}
