//! The addresses that a client registers, checked once when they are declared.
//!
//! A redirect address is later compared byte for byte with what a request names, so it is kept as
//! it was written; what a browser would read as another address is refused.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url, form_urlencoded};

macro_rules! address {
    ($(#[$about:meta])* $name:ident, $check:ident) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// As it was registered, byte for byte.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match $check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(problem) => Err(format!("{text:?} {problem}")),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

address! {
    /// Where a person is sent back to (RFC 6749 section 3.1.2): https, http on loopback, or a
    /// scheme that is a domain name turned round (RFC 8252 section 7).
    RedirectUri, check_redirect
}

address! {
    /// An address on the web: a logo, a logout endpoint, a key set. Plain http is allowed by its
    /// form; whether it is called is decided when it is.
    WebUri, check_web
}

impl RedirectUri {
    /// Whether `asked` is this address, byte for byte. A native app listens on whatever port is
    /// free, so the port of `127.0.0.1` and `[::1]` may be another (RFC 8252 section 7.3).
    #[must_use]
    pub fn allows(&self, asked: &str) -> bool {
        self.0 == asked || portless(&self.0).is_some_and(|own| portless(asked) == Some(own))
    }

    /// Whether it leads to an app on the person's own machine: by loopback, or a scheme of the app's own.
    #[must_use]
    pub fn is_native(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() != "https" || is_loopback(&url))
    }
}

/// `address` with `fields` behind what its query holds already, byte for byte.
#[must_use]
pub fn with_query<I, N, V>(address: &str, fields: I) -> String
where
    I: IntoIterator<Item: Borrow<(N, V)>>,
    N: AsRef<str>,
    V: AsRef<str>,
{
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let joint = match address.split_once('?') {
        _ if fields.is_empty() => "",
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{address}{joint}{fields}")
}

/// A plain http address of this machine by number, in two parts around its port.
fn portless(text: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| text.starts_with(host))?;
    let (host, rest) = text.split_at(host.len());
    let path = match rest.strip_prefix(':') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let port: u16 = rest[..digits].parse().ok()?;
            if port == 0 || rest.starts_with('0') {
                return None;
            }
            &rest[digits..]
        }
        None => rest,
    };
    (path.is_empty() || path.starts_with(['/', '?'])).then_some((host, path))
}

const LONGEST: usize = 2000;

fn check_redirect(text: &str) -> Result<(), &'static str> {
    let url = checked(text)?;
    match url.scheme() {
        "https" => check_host(text, &url),
        "http" if is_loopback(&url) => check_host(text, &url),
        "http" => Err("must be https (plain http only on localhost, 127.0.0.1 or [::1])"),
        scheme if scheme.contains('.') && !scheme.ends_with('.') => Ok(()),
        _ => {
            Err("must begin with https:// or with an app's own scheme, a domain name turned round (com.example.app:/)")
        }
    }
}

fn check_web(text: &str) -> Result<(), &'static str> {
    let url = checked(text)?;
    match url.scheme() {
        "https" | "http" => check_host(text, &url),
        _ => Err("must begin with https:// or http://"),
    }
}

/// What holds for every address.
fn checked(text: &str) -> Result<Url, &'static str> {
    if text.len() > LONGEST {
        return Err("is too long");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("may hold only ASCII characters without blanks (write others percent-encoded, domains as xn--)");
    }
    if text.contains(['\\', '"', '<', '>', '`', '{', '}', '|', '^']) {
        return Err("holds a character that must be percent-encoded");
    }
    if text.contains('#') {
        return Err("may not have a fragment (#)");
    }
    if text.contains('*') {
        return Err("may not have a wildcard (*): name each address");
    }
    let url = Url::parse(text).map_err(|_| "is not a complete URL")?;
    if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
        return Err("may not hold a user name or password (@)");
    }
    if has_dot_segment(text) {
        return Err("may not have . or .. as a part of its path");
    }
    Ok(url)
}

/// The part between the `//` right after the scheme and the path.
fn authority(text: &str) -> &str {
    let rest = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//")).unwrap_or_default();
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn has_dot_segment(text: &str) -> bool {
    let path = text.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    path.split('/').any(|part| part == "." || part == "..")
}

/// The host must stand there as it is: browsers read `https:evil`, `https:///evil` and
/// `http://0x7f.1` too, each as something other than it looks.
fn check_host(text: &str, url: &Url) -> Result<(), &'static str> {
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return Err("has no host") };
    let rest = authority(text).to_ascii_lowercase();
    match rest.strip_prefix(host) {
        Some(port) if port.is_empty() || port.starts_with(':') && port.len() > 1 => Ok(()),
        _ => Err("must have its host right after // and in its plain form"),
    }
}

/// The host of a web address, as people read it; none for an app on their own machine.
#[must_use]
pub fn host_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let is_elsewhere = matches!(url.scheme(), "https" | "http") && !is_loopback(&url);
    url.host_str().filter(|_| is_elsewhere).map(str::to_owned)
}

/// The host of an https address as people read it: with its port, where that is another than that of https. On one
/// host somebody else may stand at each port.
pub(super) fn place_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| url.scheme() == "https")?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
