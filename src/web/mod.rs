//! Pages, forms, cookies, who is calling, and how an error looks.

pub mod accent;
pub mod assets;
pub mod banned_page;
pub mod body;
pub mod caller;
pub mod colour;
pub mod cookie;
pub mod device;
pub mod error_page;
pub mod failure;
pub mod form;
pub mod headers;
pub mod initials;
pub mod json;
pub mod legible;
pub mod limits;
pub mod opens;
pub mod page;
pub mod problems;
pub mod refused;
pub mod return_to;
pub mod server;
pub mod settings;
pub mod surface;
pub mod template;
pub mod trace;
pub mod visitor;
pub mod ways;
pub mod when;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use poem::http::HeaderValue;
use poem::{FromRequest, Request, RequestBody};
use tokio::time::Instant;

pub use settings::Settings;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::secret::DerivedKey;

/// What everything that speaks HTTP needs at hand. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Parts>);

/// The parts of [`Web`].
pub struct Parts {
    /// Where and how we answer.
    pub settings: Settings,
    /// The time of day.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Our cookies' names and attributes.
    pub cookies: cookie::Cookies,
    /// Pages with the operator's looks.
    pub pages: page::Pages,
    headers: headers::SecurityHeaders,
    strangers: caller::StrangerWarning,
    request_ids: trace::RequestIds,
    csrf: DerivedKey,
}

impl Web {
    /// The HTTP side of a server with these settings. `csrf` guards forms: a key that is derived for
    /// nothing else.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock, random: Random, csrf: DerivedKey) -> Self {
        let (cookies, headers) = (cookie::Cookies::new(&settings), headers::SecurityHeaders::new(&settings));
        let pages = page::Pages::new(settings.base_path(), &settings.looks);
        Self(Arc::new(Parts {
            settings,
            clock,
            random,
            cookies,
            pages,
            headers,
            strangers: Default::default(),
            request_ids: Default::default(),
            csrf,
        }))
    }

    /// The one that `request` came through.
    ///
    /// # Errors
    /// When it did not come through [`surface::Surface`]: a fault of ours.
    pub fn of(request: &Request) -> Result<&Self> {
        let context = request.data::<Context>().ok_or_else(|| Error::internal("a route stands outside the surface"))?;
        Ok(&context.web)
    }
}

impl Deref for Web {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<'a> FromRequest<'a> for Web {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?.clone())
    }
}

/// What the surface knows of one request.
#[derive(Clone)]
struct Context {
    id: trace::RequestId,
    /// When the whole of it, body included, has to be done.
    deadline: Instant,
    web: Web,
    /// Whose pages may read the answer, whatever it will be; set by who knows.
    readers: Arc<OnceLock<HeaderValue>>,
}

/// Lets pages of `origin` read the answer to `request`, a refusal too (Fetch section 3.2).
pub fn let_read(request: &Request, origin: &HeaderValue) {
    if let Some(context) = request.data::<Context>() {
        // The first word counts; nobody says a second one.
        let _ = context.readers.set(origin.clone());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;

    /// Settings of a server at `url`.
    pub(crate) fn settings(url: &str) -> Settings {
        let url = Url::parse(url).expect("a URL");
        Settings {
            secure_cookies: url.scheme() == "https",
            url,
            listen: Vec::new(),
            metrics_listen: None,
            trusted_proxies: Vec::new(),
            max_body: 64 * 1024,
            request_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(30),
            domain_client: None,
            domain_server: Url::parse("http://localhost:3080").expect("a URL"),
            looks: settings::Looks {
                title: "Postern".to_owned(),
                logo: None,
                logo_dark: None,
                accent: None,
                help_url: None,
                privacy_url: None,
                terms_url: None,
                support_email: None,
                templates: None,
            },
        }
    }

    /// A [`Web`] with these settings.
    pub(crate) fn web(settings: Settings) -> Web {
        Web::new(settings, Clock::system(), Random::system(), DerivedKey::derive(&[7; 32], "csrf"))
    }
}
