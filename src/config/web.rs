//! Settings of the HTTP surface.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

use super::looks::Looks;
use super::public_address;
use crate::env::{Env, Fault, Parsed, address, numbers, words};
use crate::services::certificates;

/// Where and how Postern answers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `POSTERN_URL`: public address and issuer; no trailing slash is kept in [`Self::issuer`].
    pub url: Url,
    /// `POSTERN_LISTEN`.
    pub listen: Vec<Listen>,
    /// `POSTERN_METRICS_LISTEN`.
    pub metrics_listen: Option<SocketAddr>,
    /// `POSTERN_TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether cookies carry `Secure` (`SESSION_COOKIE_SECURE`, else by [`Self::url`]).
    pub secure_cookies: bool,
    /// `POSTERN_MAX_BODY`, bytes.
    pub max_body: usize,
    /// `POSTERN_REQUEST_TIMEOUT`.
    pub request_timeout: Duration,
    /// `POSTERN_SHUTDOWN_GRACE`.
    pub shutdown_grace: Duration,
    /// `DOMAIN_CLIENT`: the chat's front end.
    pub domain_client: Option<Url>,
    /// `DOMAIN_SERVER`: the chat's back end.
    pub domain_server: Url,
    /// How pages look.
    pub looks: Looks,
}

impl Settings {
    /// The issuer: the public address without a trailing slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The path below which everything answers: empty or `/some/path`.
    #[must_use]
    pub fn base_path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    pub(super) fn read(env: &mut Env, looks: Option<Looks>) -> Option<Self> {
        let is_own_https = certificates::is_asked_for(env);
        let url = public(env, is_own_https);
        let listen = env.or(
            "POSTERN_LISTEN",
            "127.0.0.1:3081",
            "Addresses to listen on, by comma; unix:/run/postern.sock is one too.",
            |text| words::list(text, Listen::parse),
        );
        let metrics_listen =
            env.optional("POSTERN_METRICS_LISTEN", "off", "Address of the metrics (Prometheus).", socket);
        let trusted_proxies = env.optional(
            "POSTERN_TRUSTED_PROXIES",
            "none",
            "Networks of the proxies whose forwarded headers count, by comma.",
            |text| words::list(text, address::network),
        );
        let secure_cookies = env.optional(
            "SESSION_COOKIE_SECURE",
            "true where POSTERN_URL is https",
            "Whether cookies travel by https only.",
            words::boolean,
        );
        let limits = limits(env);
        let domain_client =
            env.optional("DOMAIN_CLIENT", "", "The chat's front end, where people may be sent back.", address::base);
        let domain_server = env.or("DOMAIN_SERVER", "http://localhost:3080", "The chat's back end.", address::base);
        // Each check is made wherever its own settings can be read, so that all problems are told at once.
        if let (Some(url), Some(secure)) = (&url, secure_cookies) {
            public_address::check_scheme(env, url, secure);
            env.in_force("SESSION_COOKIE_SECURE", secure.unwrap_or(url.scheme() == "https"));
        }
        if let (Some(url), Some(client), Some(server)) = (&url, &domain_client, &domain_server) {
            public_address::check_chat(env, url, client.as_ref(), server);
        }
        if let (Some(url), Some(listen), Some(proxies)) = (&url, &listen, &trusted_proxies) {
            public_address::check_listen(env, url, listen, proxies.is_some() || is_own_https);
        }
        if is_own_https {
            public_address::check_own_https(env, url.as_ref(), listen.as_deref());
        }
        if let (Some(listen), Some(metrics)) = (&listen, metrics_listen) {
            public_address::check_metrics(env, listen, metrics);
        }
        let (url, (max_body, request_timeout, shutdown_grace)) = (url?, limits?);
        Some(Self {
            secure_cookies: secure_cookies?.unwrap_or(url.scheme() == "https"),
            url,
            listen: listen?,
            metrics_listen: metrics_listen?,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            max_body,
            request_timeout,
            shutdown_grace,
            domain_client: domain_client?,
            domain_server: domain_server?,
            looks: looks?,
        })
    }
}

/// The public address.
fn public(env: &mut Env, is_own_https: bool) -> Option<Url> {
    let default = if is_own_https { "https://localhost:3081" } else { "http://localhost:3081" };
    let about = "Public address, which is the issuer of tokens too; it may have a path.";
    env.or("POSTERN_URL", default, about, address::base)
}

/// The largest body, the longest request, the longest farewell.
fn limits(env: &mut Env) -> Option<(usize, Duration, Duration)> {
    let max_body = env
        .or("POSTERN_MAX_BODY", "64KiB", "Largest body of a request.", |text| numbers::size(text, 1 << 10..=16 << 20));
    let request_timeout =
        env.or("POSTERN_REQUEST_TIMEOUT", "30s", "Longest time for a request to arrive and be answered.", |text| {
            numbers::duration(text, 1..=600)
        });
    let shutdown_grace =
        env.or("POSTERN_SHUTDOWN_GRACE", "30s", "How long requests under way may take when Postern stops.", |text| {
            numbers::duration(text, 0..=3600)
        });
    Some((max_body?, request_timeout?, shutdown_grace?))
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Host and port; port 0 is any free one.
    Tcp(SocketAddr),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl Listen {
    fn parse(text: &str) -> Parsed<Self> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err(Fault::new("holds a socket without a full path", "Write such as unix:/run/postern.sock")),
            None => socket(text).map(Self::Tcp),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn socket(text: &str) -> Parsed<SocketAddr> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| {
        let right = "Write such as 127.0.0.1:3081, 0.0.0.0:3081 (every address) or [::1]:3081";
        Fault::new("holds something that is not an IP address with a port", right)
    })
}
