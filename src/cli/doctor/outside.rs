//! Looking at the public address as a client does: by its name, over TLS, through whatever stands
//! before it.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use entity::Timestamp;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than this no document or page of ours has, in bytes.
const LARGEST: usize = 1 << 20;

/// Somebody who comes from outside.
pub(super) struct Outside {
    http: Client,
    clock: Clock,
}

/// An answer, and between which moments of our clock it was given.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: String,
    pub(super) asked: Timestamp,
    pub(super) answered: Timestamp,
}

/// Why there was no answer, and what to do.
pub(super) struct NoAnswer {
    pub(super) words: String,
    pub(super) remedy: &'static str,
}

impl Outside {
    /// Trusts the system's roots and those of the PEM files `authorities`.
    ///
    /// # Errors
    /// With words when a file holds no certificate, or the system has no roots.
    pub(super) fn new<'p>(authorities: impl Iterator<Item = &'p Path>, clock: Clock) -> Result<Self> {
        let refuse = |words: String| Error::new(ErrorKind::InvalidInput, words);
        let mut client = Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE);
        for path in authorities {
            let pem = std::fs::read(path).map_err(|error| refuse(format!("{}: {error}.", path.display())))?;
            let roots = Certificate::from_pem_bundle(&pem).ok().filter(|roots| !roots.is_empty());
            let words = || refuse(format!("{} holds no certificate in PEM.", path.display()));
            client = client.tls_certs_merge(roots.ok_or_else(words)?);
        }
        let words = "The certificates that this system trusts cannot be read (Debian has them in ca-certificates).";
        let http = client.build().map_err(|error| refuse(words.to_owned()).because(error))?;
        Ok(Self { http, clock })
    }

    /// Gets `url`, without following a redirect.
    ///
    /// # Errors
    /// When there is no answer of HTTP.
    pub(super) async fn get(&self, url: &str) -> Result<Answer, NoAnswer> {
        let asked = self.clock.now();
        let mut response = self.http.get(url).send().await.map_err(|error| no_answer(&error))?;
        let answered = self.clock.now();
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while body.len() < LARGEST
            && let Some(part) = response.chunk().await.map_err(|error| no_answer(&error))?
        {
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned(), asked, answered })
    }
}

impl Answer {
    /// A header; empty when there is none.
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Every line of a header.
    pub(super) fn headers(&self, name: &HeaderName) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// Whether a Postern gave it, and not something before it.
    pub(super) fn is_ours(&self) -> bool {
        self.headers.contains_key("x-request-id") && self.headers.contains_key("content-security-policy")
    }
}

/// What the innermost cause says, and what that calls for.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let mut cause = error.source();
    let mut words = "there is no answer".to_owned();
    while let Some(it) = cause {
        words = it.to_string();
        cause = it.source();
    }
    if error.is_timeout() {
        words = format!("there is no answer within {} s", PATIENCE.as_secs());
    }
    let remedy = remedies().into_iter().find(|(sign, _)| words.contains(sign));
    NoAnswer { remedy: remedy.map_or(UNREACHABLE, |(_, remedy)| remedy), words }
}

const UNREACHABLE: &str = "See that Postern runs, that POSTERN_LISTEN is where the proxy (or the world) looks for it, and \
                           that no firewall stands between.";

/// By what the TLS library says.
const fn remedies() -> [(&'static str, &'static str); 5] {
    [
        (
            "UnknownIssuer",
            "The certificate's authority is not trusted here: name it by --ca-file. The chat needs it too, a Node app in \
             NODE_EXTRA_CA_CERTS of its environment.",
        ),
        ("Expired", "Renew the certificate."),
        ("NotValidForName", "Get a certificate for the host of POSTERN_URL."),
        (
            "InvalidContentType",
            "Plain http is spoken there: let the proxy speak https, or set POSTERN_TLS_CERTIFICATE.",
        ),
        ("certificate", "Get a certificate that clients accept for the host of POSTERN_URL."),
    ]
}
