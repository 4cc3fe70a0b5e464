//! Where a person was going, as a parameter of our own pages (SEC-062).

use url::Url;

use crate::web::settings::Settings;

/// Where authorization requests come in and go on, below the base path.
pub const AUTHORIZE: &str = "/oauth2/authorize";

/// Longest address that is carried along; an authorization request fits.
const LENGTH: usize = 8 * 1024;

/// A path of our own, query included. Nothing else can be one, so a redirect to it stays with us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Reads a parameter. None unless it is a path below our base path, written so plainly that
    /// every browser reads it as we do: no backslash, blank, control or non-ASCII character, no
    /// dot segment, no encoded slash, nothing that names a host.
    #[must_use]
    pub fn parse(text: &str, settings: &Settings) -> Option<Self> {
        let plain = text.len() <= LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let path = text.split(['?', '#']).next()?;
        if !plain || !path.starts_with('/') || path.contains("//") || has_hidden_separator(path) {
            return None;
        }
        let target = settings.url.join(text).ok()?;
        let below =
            path.strip_prefix(settings.base_path()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // A path that the URL standard rewrites (dot segments, whatever their spelling) is not plain.
        let is_ours = target.origin() == settings.url.origin() && below && target.path() == path && no_user(&target);
        is_ours.then(|| Self(text.to_owned()))
    }

    /// The same, or `path` of ours (written without the base path) when the parameter is missing or
    /// is not to be trusted.
    #[must_use]
    pub fn or(text: Option<&str>, path: &str, settings: &Settings) -> Self {
        let given = text.and_then(|text| Self::parse(text, settings));
        given.unwrap_or_else(|| Self(format!("{}{path}", settings.base_path())))
    }

    /// The key of the authorization request that the person is on the way to, where it is one.
    #[must_use]
    pub fn request_key<'a>(&'a self, settings: &Settings) -> Option<&'a str> {
        self.0.strip_prefix(settings.base_path())?.strip_prefix(AUTHORIZE)?.strip_prefix('/')
    }

    /// The path, with the base path in front.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn has_hidden_separator(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2f", "%5c", "%00", "%0a", "%0d", "%09", "%2e"].iter().any(|code| path.contains(code))
}

fn no_user(target: &Url) -> bool {
    target.username().is_empty() && target.password().is_none()
}

#[cfg(test)]
mod tests {
    use poem::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::web::tests::settings;

    #[test]
    fn sec_062_only_a_path_of_our_own_is_taken() {
        let settings = settings("https://chat.example.com/auth");
        for good in ["/auth", "/auth/account", "/auth/oauth2/authorize?client_id=a&redirect_uri=https%3A%2F%2Fb%2F#x"] {
            assert_eq!(ReturnTo::parse(good, &settings).as_ref().map(ReturnTo::as_str), Some(good));
        }
        let foreign = [
            "",
            "account",
            "https://evil.example",
            "https:evil.example",
            "//evil.example",
            "/\\evil.example",
            "/%09/evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/auth/\r\nSet-Cookie: a=b",
            "@evil.example",
            "/auth@evil.example",
            "https://chat.example.com@evil.example/auth",
            "https://chat.example.com.evil.example/auth",
            "https://chat.example.com:8443/auth/x",
            "/",
            "/other",
            "/authother",
            "/auth/../other",
            "/auth/%2e%2e/other",
            "/auth/.%2E/other",
            "/auth//evil.example",
            "/auth/..%2fother",
            "/auth/%5c..",
            "/auth/ä",
            "/auth/a b",
        ];
        for text in foreign {
            assert_eq!(ReturnTo::parse(text, &settings), None, "{text:?}");
            assert_eq!(ReturnTo::or(Some(text), "/account", &settings).as_str(), "/auth/account");
        }
    }

    proptest! {
        #[test]
        fn sec_062_whatever_is_taken_stays_at_our_origin(
            text in prop_oneof!["/auth[/\\\\.%@:?#a-f0-9 \t-]{0,24}", "\\PC{0,24}", "[/\\\\]{1,3}[a-z.:@/]{0,20}"],
            base in prop_oneof![Just("https://chat.example.com/auth"), Just("http://localhost:3081")],
        ) {
            let settings = settings(base);
            if let Some(taken) = ReturnTo::parse(&text, &settings) {
                let target = Url::parse(base).and_then(|base| base.join(taken.as_str())).expect("a URL");
                prop_assert_eq!(target.origin(), settings.url.origin());
                prop_assert!(target.path().starts_with(settings.base_path()));
                prop_assert!(HeaderValue::try_from(taken.as_str()).is_ok());
            }
        }
    }
}
