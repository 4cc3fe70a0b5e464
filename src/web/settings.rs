//! Settings of the HTTP surface and of the pages' looks.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::Url;

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
}

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Host and port; port 0 is any free one.
    Tcp(SocketAddr),
    /// `unix:/path`.
    Unix(PathBuf),
}

/// The operator's name, logo, colour and links.
#[derive(Clone, Debug)]
pub struct Looks {
    /// `APP_TITLE`.
    pub title: String,
    /// `POSTERN_LOGO` and `POSTERN_LOGO_DARK`, checked and read.
    pub logo: Option<Picture>,
    /// The logo for dark pages.
    pub logo_dark: Option<Picture>,
    /// `POSTERN_ACCENT_COLOR`, as given.
    pub accent: Option<[u8; 3]>,
    /// `HELP_AND_FAQ_URL`.
    pub help_url: Option<Url>,
    /// `POSTERN_PRIVACY_URL`.
    pub privacy_url: Option<Url>,
    /// `POSTERN_TERMS_URL`.
    pub terms_url: Option<Url>,
    /// `POSTERN_SUPPORT_EMAIL`.
    pub support_email: Option<String>,
    /// `POSTERN_TEMPLATES_DIR`: the operator's folder, laid over the built-in templates.
    pub templates: Option<PathBuf>,
}

/// A picture of the operator's.
#[derive(Clone, Debug)]
pub struct Picture {
    /// `image/png` or `image/svg+xml`.
    pub media_type: &'static str,
    /// The file's bytes, at most 512 KiB.
    pub bytes: Vec<u8>,
}
