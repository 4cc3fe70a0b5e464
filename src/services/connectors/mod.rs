//! Providers that let people in: Google, GitHub and others, and any OpenID provider.
//!
//! Each is data ([`known`]); the flow is one for all. What a provider says ends as a [`Profile`]; whose
//! account that opens is decided by [`sign_in`](super::sign_in).

mod admission;
mod client_secret;
pub mod connector;
mod discovery;
mod draft;
mod examine;
mod failure;
mod farewell;
mod file;
mod file_rules;
mod flow;
mod id_token;
mod images;
mod kept;
mod kept_answer;
mod key_set;
pub mod known;
mod logout_token;
mod looked_up;
mod mapping;
mod place;
mod preview;
mod profile;
mod protocol;
mod said;
mod sealing;
mod settings;
mod tenant;
mod token_answer;
mod unique;
mod upstream;
mod waiting;
mod who;

pub use connector::{Connector, Provider};
pub use examine::{Credentials, Seen};
pub use farewell::Farewell;
pub use flow::{Anew, Begun, Errand};
pub use kept::{Kept, LinkKey};
pub use logout_token::Over;
pub use protocol::Returned;
pub use sealing::Sealing;
pub use settings::Settings;
pub use upstream::{Arrival, Shown, UpstreamTokens};

pub use super::users::identity::Profile;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;

use super::caller::Caller;
use super::database::Database;
use super::outgoing::{Image, Outgoing};
use super::shared::Shared;
use super::users::Users;
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;
use images::Images;
use looked_up::LookedUp;

/// The providers that let people in; cheap to clone.
#[derive(Clone, Debug)]
pub struct Connectors {
    parts: Arc<Parts>,
    looked_up: LookedUp,
    images: Images,
    /// Those whose secret has gone to the place that it was set for.
    settled: Arc<Mutex<HashSet<String>>>,
}

/// What they stand on.
#[derive(Debug)]
pub struct Parts {
    /// Rows.
    pub database: Database,
    /// Counters.
    pub shared: Arc<Shared>,
    /// Identities.
    pub users: Users,
    /// Calls to providers.
    pub outgoing: Outgoing,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Which there are.
    pub settings: Settings,
    /// What is under way is sealed with it, and browsers are told apart.
    pub seal: Sealing,
    /// Tokens of providers are sealed with it, and where somebody goes on to who has signed out there.
    pub upstream: Sealing,
    /// The public address, without a slash at its end.
    pub issuer: String,
}

impl Connectors {
    /// Over what they stand on.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let looked_up = LookedUp::new(parts.outgoing.clone(), parts.clock.clone());
        let images = Images::new(parts.outgoing.clone(), parts.clock.clone());
        Self { parts: Arc::new(parts), looked_up, images, settled: Arc::default() }
    }

    /// Every one, in the order of the buttons.
    #[must_use]
    pub fn list(&self) -> &[Connector] {
        &self.parts.settings.list
    }

    /// The one that is called `id`.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&Connector> {
        self.list().iter().find(|connector| connector.id == id)
    }

    /// The one whose people come back at `path`, which is written without the base path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Connector> {
        self.list().iter().find(|connector| connector.callback == path)
    }

    /// The picture on the button of `connector`; none where it has none, or none can be had.
    pub async fn image(&self, connector: &Connector) -> Option<Image> {
        self.images.of(connector).await
    }

    /// The picture of a person, whom the provider of `connector` says to be seen at `address`; none where
    /// none can be had.
    pub async fn picture(&self, address: &str, connector: &str) -> Option<Image> {
        self.images.of_person(address, connector).await
    }

    /// The one to which the sign-in page leads straight on, where it does.
    #[must_use]
    pub fn straight(&self) -> Option<&Connector> {
        self.named("openid").filter(|_| self.parts.settings.straight)
    }

    /// Looks every provider up that is found by its issuer. Who cannot be reached stands in the log then, before
    /// anybody wants to come in that way.
    pub async fn look_up(&self) {
        let providers = self.list().iter().map(|connector| self.looked_up.provider(connector));
        join_all(providers).await;
    }

    /// The callback address of `connector`, which has to be registered at the provider.
    #[must_use]
    pub fn callback(&self, connector: &Connector) -> String {
        connector.callback_below(&self.parts.issuer)
    }

    /// Begins a sign-in at `connector` for the browser that holds `browser`, where the person may have to prove
    /// `anew` who they are; answers where to send it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) when the provider has to be
    /// asked first and does not answer;
    /// [`ErrorKind::TooManyRequests`](crate::error::ErrorKind::TooManyRequests) for a flood;
    /// [`ErrorKind::ProviderFailed`](crate::error::ErrorKind::ProviderFailed) when its secret went to
    /// another place.
    pub async fn begin(
        &self,
        connector: &Connector,
        errand: Errand,
        anew: Anew,
        browser: &str,
        caller: &Caller,
    ) -> Result<String> {
        self.check_place(connector).await?;
        let provider = self.looked_up.provider(connector).await?;
        let random = || URL_SAFE_NO_PAD.encode(self.parts.random.bytes::<32>());
        let at = self.parts.clock.now().seconds();
        let begun = Begun { errand, anew, at, nonce: random(), verifier: random() };
        let state = self.note(connector, &begun, browser, caller).await?;
        self.request(connector, &provider, &begun, state.expose())
    }

    /// The longest that all calls of one sign-in take together.
    fn patience(&self) -> Duration {
        self.parts.outgoing.timeout() * 2
    }
}
