//! Names and attributes of our cookies (SEC-026), and how they are read (SEC-028).

use std::borrow::Cow;
use std::time::Duration;

use poem::http::HeaderMap;
use poem::http::header::{self, HeaderValue};

use crate::error::{Error, Result};
use crate::web::settings::Settings;

/// A cookie that we set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The browser session of our pages.
    Session,
    /// What a form's token is bound to.
    Csrf,
    /// Light or dark pages, as the person chose.
    Theme,
    /// The address of a sign-up just now, so that the sign-in page can fill it in.
    SignedUp,
    /// Where to go on to from signing out at a provider that hands no state back.
    WayOn,
    /// The chat's refresh token, by LibreChat's name.
    RefreshToken,
    /// Which kind of refresh token that is, by LibreChat's name.
    TokenProvider,
}

/// Writes and reads cookies for one public address.
#[derive(Clone, Debug)]
pub struct Cookies {
    secure: bool,
    base_path: String,
}

impl Cookies {
    /// For a server at this address. Without `Secure` (plain http) no name may begin with
    /// `__Host-` or `__Secure-` (RFC 6265bis, section 4.1.3).
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { secure: settings.secure_cookies, base_path: settings.base_path().to_owned() }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(&self, cookie: Cookie) -> Cow<'static, str> {
        let bare = match cookie {
            Cookie::RefreshToken => return "refreshToken".into(),
            Cookie::TokenProvider => return "token_provider".into(),
            Cookie::Session => "postern_session",
            Cookie::Csrf => "postern_csrf",
            Cookie::Theme => "postern_theme",
            Cookie::SignedUp => "postern_signed_up",
            Cookie::WayOn => "postern_way_on",
        };
        match (self.secure, self.base_path.is_empty()) {
            (false, _) => bare.into(),
            (true, true) => format!("__Host-{bare}").into(),
            (true, false) => format!("__Secure-{bare}").into(),
        }
    }

    /// The cookie's value. Two of one name are none: one of them was planted (SEC-028).
    #[must_use]
    pub fn read<'a>(&self, headers: &'a HeaderMap, cookie: Cookie) -> Option<&'a str> {
        let name = self.name(cookie);
        let mut values = pairs(headers).filter(|(other, _)| *other == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// The `Set-Cookie` line of `cookie`; without `life` the browser forgets it when it closes.
    ///
    /// # Errors
    /// When `value` cannot stand in a cookie: a fault of ours.
    pub fn line(&self, cookie: Cookie, value: &str, life: Option<Duration>) -> Result<HeaderValue> {
        if !value.bytes().all(is_cookie_octet) {
            return Err(Error::internal("a cookie's value holds what a cookie cannot hold"));
        }
        let life = life.map(|life| format!("; Max-Age={}", life.as_secs())).unwrap_or_default();
        self.with_attributes(cookie, &format!("{value}{life}"))
    }

    /// The line that makes the browser forget `cookie`.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn expired(&self, cookie: Cookie) -> Result<HeaderValue> {
        self.with_attributes(cookie, "; Max-Age=0")
    }

    /// The lines that make the browser forget the cookies of the chat's own OpenID sign-in
    /// (`openid_*`) that came with a request; they would bring the old session back.
    #[must_use]
    pub fn expired_openid(&self, request: &HeaderMap) -> Vec<HeaderValue> {
        let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let stale = |name: &&str| name.starts_with("openid_") && plain(name);
        let mut names: Vec<_> = pairs(request).map(|(name, _)| name).filter(stale).collect();
        names.sort_unstable();
        names.dedup();
        let secure = if self.secure { "; Secure" } else { "" };
        let line = |name| format!("{name}=; Max-Age=0; Path=/; HttpOnly{secure}; SameSite=Strict");
        names.into_iter().filter_map(|name| HeaderValue::try_from(line(name)).ok()).collect()
    }

    fn with_attributes(&self, cookie: Cookie, value_and_life: &str) -> Result<HeaderValue> {
        let (path, same_site) = match cookie {
            Cookie::RefreshToken | Cookie::TokenProvider => ("/", "Strict"),
            // Strict would hide the session from every sign-in that starts at the chat.
            _ if self.base_path.is_empty() => ("/", "Lax"),
            _ => (self.base_path.as_str(), "Lax"),
        };
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name(cookie);
        let line = format!("{name}={value_and_life}; Path={path}; HttpOnly{secure}; SameSite={same_site}");
        HeaderValue::try_from(line).map_err(Error::internal)
    }
}

/// All `name=value` pairs of a request (RFC 6265, section 5.4).
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
}

/// RFC 6265, section 4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::settings;

    fn line(url: &str, cookie: Cookie) -> String {
        let line = Cookies::new(&settings(url)).line(cookie, "v", Some(Duration::from_secs(60))).expect("fits");
        line.to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn sec_026_session_cookies_are_bound_to_host_or_path() {
        let cases = [
            ("https://a.example", "__Host-postern_session=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"),
            (
                "https://a.example/auth",
                "__Secure-postern_session=v; Max-Age=60; Path=/auth; HttpOnly; Secure; SameSite=Lax",
            ),
            ("http://localhost:3081", "postern_session=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"),
        ];
        for (url, expected) in cases {
            assert_eq!(line(url, Cookie::Session), expected);
        }
    }

    #[test]
    fn sec_026_the_chats_cookies_keep_its_names() {
        let refresh = "refreshToken=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict";
        assert_eq!(line("https://a.example/auth", Cookie::RefreshToken), refresh);
        assert!(
            line("http://localhost", Cookie::TokenProvider)
                .starts_with("token_provider=v; Max-Age=60; Path=/; HttpOnly; SameSite")
        );
    }

    #[test]
    fn sec_028_two_cookies_of_one_name_are_none() {
        let cookies = Cookies::new(&settings("http://localhost"));
        let read = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            cookies.read(&headers, Cookie::Session).map(str::to_owned)
        };
        assert_eq!(read(&["a=b; postern_session=one; c=d"]).as_deref(), Some("one"));
        assert_eq!(read(&["postern_session=one; postern_session=two"]), None);
        assert_eq!(read(&["postern_session=one", "postern_session=one"]), None);
        assert_eq!(read(&["Postern_session=one; postern_session="]), None);
    }

    #[test]
    fn a_value_cannot_add_attributes() {
        let cookies = Cookies::new(&settings("http://localhost"));
        for value in ["a; Domain=x", "a,b", "a\r\nb", "é", "a b"] {
            assert!(cookies.line(Cookie::Session, value, None).is_err(), "{value}");
        }
    }

    #[test]
    fn only_stale_cookies_that_came_are_expired() {
        let mut request = HeaderMap::new();
        request.insert(header::COOKIE, HeaderValue::from_static("openid_access_token=x; other=y; openid_Path=z"));
        let lines = Cookies::new(&settings("http://localhost")).expired_openid(&request);
        assert_eq!(lines, ["openid_access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"]);
    }
}
