//! Calls to other servers, at addresses that clients have registered: whoever may register one must
//! not reach through us what only we can reach (SEC-126).
//!
//! Each address is checked, and then exactly it is called. Nothing is followed, nothing waited for
//! longer than `POSTERN_OUTBOUND_TIMEOUT`, and no more read than the caller takes.

mod address;
mod call;
mod document;
mod image;
mod resolve;
mod settings;

pub use address::{is_public, may_be_called};
pub use call::Proof;
pub use document::Document;
pub use image::Image;
pub use settings::{Proxies, Settings};

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::error::{Error, ErrorKind, Result};
use address::{Transport, literal};
use resolve::{LookUp, Resolver};

/// How much of an answer is read, in bytes (SEC-103).
pub const LARGEST_ANSWER: usize = 1 << 20;
/// What we call ourselves.
const AGENT: &str = concat!("postern/", env!("CARGO_PKG_VERSION"));

/// Calls other servers; cheap to clone.
#[derive(Clone)]
pub struct Outgoing(Arc<Inner>);

struct Inner {
    settings: Settings,
    look_up: LookUp,
    /// Made at the first call: reading the system's certificates takes a while, and most commands call nobody.
    encrypted: OnceLock<Client>,
    plain: OnceLock<Client>,
}

/// What another server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

impl Outgoing {
    /// Calls by `settings`.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with(settings, resolve::system())
    }

    fn with(settings: Settings, look_up: LookUp) -> Self {
        Self(Arc::new(Inner { settings, look_up, encrypted: OnceLock::new(), plain: OnceLock::new() }))
    }

    /// The longest that one call takes.
    #[must_use]
    pub fn timeout(&self) -> std::time::Duration {
        self.0.settings.timeout
    }

    /// Sends `fields` as a form to `url`; whatever status the answer has, it is one.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the address may not be called, or nothing came back in time.
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = |client: &Client, url: Url| {
            client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
        };
        self.call(url, LARGEST_ANSWER, form).await
    }

    /// The JSON at `url`, of `most` bytes or less.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the address may not be called, nothing came back in time, the
    /// status is another than 200, or the body is too long or no JSON.
    pub async fn get_json(&self, url: &str, most: usize) -> Result<Value> {
        let get = |client: &Client, url: Url| client.get(url).header(ACCEPT, "application/json");
        let Answer { status, body } = self.call(url, most, get).await?;
        if status != 200 {
            return Err(failed(format!("it answers {status}")));
        }
        serde_json::from_slice(&body).map_err(failed)
    }

    async fn call(
        &self,
        url: &str,
        most: usize,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
    ) -> Result<Answer> {
        let response = self.send(url, request).await?;
        Ok(Answer { status: response.status().as_u16(), body: read(response, most).await? })
    }

    async fn send(&self, url: &str, request: impl FnOnce(&Client, Url) -> RequestBuilder) -> Result<Response> {
        let url = Url::parse(url).map_err(failed)?;
        let transport = Transport::of(&url).ok_or_else(|| failed("it is neither https nor http"))?;
        self.check(&url, transport).await?;
        let request = request(self.client(transport)?, url);
        request.send().await.map_err(|error| failed(chain(&error.without_url())))
    }

    /// Checks what the resolver of the connection will not see: a number in place of a name, and the
    /// names that a proxy looks up.
    async fn check(&self, url: &Url, transport: Transport) -> Result<()> {
        let Inner { settings, .. } = &*self.0;
        let host = url.host_str().unwrap_or_default();
        match literal(url) {
            Some(address) if !transport.reaches(address, &settings.networks) => {
                return Err(failed(refusal(host, transport)));
            }
            None if settings.proxies.is_any() => {
                let found = tokio::time::timeout(settings.timeout, self.resolver(transport).addresses(host)).await;
                match found {
                    Ok(Err(error)) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                        return Err(failed(error));
                    }
                    // A name that only the proxy knows is the proxy's to judge.
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn resolver(&self, transport: Transport) -> Resolver {
        let Inner { settings, look_up, .. } = &*self.0;
        Resolver {
            look_up: Arc::clone(look_up),
            transport,
            networks: settings.networks.as_slice().into(),
            proxies: settings.proxies.hosts().into(),
        }
    }

    fn client(&self, transport: Transport) -> Result<&Client> {
        let made = match transport {
            Transport::Encrypted => &self.0.encrypted,
            Transport::Plain => &self.0.plain,
        };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = self.build(transport).map_err(|error| failed(chain(&error)))?;
        Ok(made.get_or_init(|| client))
    }

    fn build(&self, transport: Transport) -> reqwest::Result<Client> {
        let Settings { timeout, roots, proxies, .. } = &self.0.settings;
        let builder = Client::builder()
            .user_agent(AGENT)
            .redirect(Policy::none())
            .timeout(*timeout)
            // Calls are rare; a connection kept open is one that the other side closes.
            .pool_max_idle_per_host(0)
            .dns_resolver(self.resolver(transport))
            .no_proxy();
        let builder = match transport {
            Transport::Encrypted => builder.https_only(true).tls_certs_merge(roots.iter().cloned()),
            // Nobody vouches for anything there, and the system's certificates need not be read.
            Transport::Plain => builder.tls_certs_only([]),
        };
        proxies.list()?.into_iter().fold(builder, reqwest::ClientBuilder::proxy).build()
    }
}

/// The body, unless it is longer than `most` bytes.
async fn read(mut response: Response, most: usize) -> Result<Bytes> {
    let too_long = || failed(format!("the answer is longer than {most} bytes"));
    if response.content_length().is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > most)) {
        return Err(too_long());
    }
    let mut body = BytesMut::new();
    while let Some(part) = response.chunk().await.map_err(|error| failed(chain(&error.without_url())))? {
        if body.len() + part.len() > most {
            return Err(too_long());
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// Why `host` is not called, and what the operator can do.
fn refusal(host: &str, transport: Transport) -> String {
    let why = match transport {
        Transport::Encrypted => "has no public address",
        Transport::Plain => "would be called by plain http",
    };
    format!("{host} {why}; name its network in POSTERN_ALLOW_PRIVATE_ADDRESSES if it is meant")
}

fn failed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, "Another server could not be called.").because(why)
}

/// What went wrong, down to its first cause.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outgoing")
    }
}

#[cfg(test)]
mod tests;
