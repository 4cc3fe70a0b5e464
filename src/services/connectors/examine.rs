//! What an operator is shown at whose connector nobody comes in: each hop of a sign-in, as we meet it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::Timestamp;
use serde_json::Value;

use super::connector::{Connector, Place, Provider};
use super::{Connectors, discovery, failure, token_answer};
use crate::error::{Error, Result};
use crate::services::outgoing::{Answer, Proof};

/// What an address answers.
#[derive(Debug)]
pub struct Seen {
    /// The answer, or why there is none.
    pub answer: Result<Answer, String>,
    /// Its `Date`, as it was written.
    pub date: Option<String>,
    /// When it was asked, by our clock.
    pub asked: Timestamp,
    /// When it had answered.
    pub answered: Timestamp,
}

/// What a provider makes of who we say we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// It knows us.
    Taken,
    /// It does not; with what it says.
    Refused(String),
    /// It does not know the callback address.
    CallbackUnknown,
    /// Its words, by which nobody can tell.
    Unclear(String),
}

impl Connector {
    /// Where it says what it is, if it does: what has only an API says nothing of itself.
    #[must_use]
    pub fn document(&self) -> Option<String> {
        match &self.place {
            Place::Issuer(issuer) => Some(discovery::address(issuer)),
            Place::Fixed(provider) => provider.jwks_url.as_ref().map(|_| discovery::address(&provider.issuer)),
        }
    }

    /// The provider that `document` describes, which has to be this one.
    ///
    /// # Errors
    /// When it is another one's, or lacks what a sign-in needs.
    pub fn described_by(&self, document: Value) -> Result<Provider> {
        let issuer = match &self.place {
            Place::Issuer(issuer) => issuer,
            Place::Fixed(provider) => &provider.issuer,
        };
        discovery::read(issuer, document)
    }

    /// The base of the API by which it says who somebody is, where it has no document.
    #[must_use]
    pub fn api(&self) -> Option<&str> {
        match &self.place {
            Place::Fixed(provider) => provider.api_url.as_deref(),
            Place::Issuer(_) => None,
        }
    }
}

impl Connectors {
    /// What `address` answers to us.
    pub async fn look(&self, address: &str) -> Seen {
        let asked = self.parts.clock.now();
        let found = self.parts.outgoing.look_for(address, Proof::None, ["date"]).await;
        let answered = self.parts.clock.now();
        let (answer, date) = match found {
            Ok((answer, [date])) => (Ok(answer), date),
            Err(error) => (Err(why(&error)), None),
        };
        Seen { answer, date, asked, answered }
    }

    /// How many keys of `connector` may sign what it says.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn count_keys(&self, connector: &Connector, provider: &Provider) -> Result<usize, String> {
        self.looked_up.keys(connector, provider, |_| true).await.map(|keys| keys.len()).map_err(|error| why(&error))
    }

    /// Shows the provider of `connector` a code that it never gave, with all that proves who we are: it says
    /// which of the two it does not know.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub async fn try_credentials(&self, connector: &Connector) -> Result<Credentials, String> {
        let work = async {
            // A trial settles nothing: a mistyped issuer is to be mended after it.
            self.check_place(connector).await?;
            let provider = self.looked_up.provider(connector).await?;
            let random = || URL_SAFE_NO_PAD.encode(self.parts.random.bytes::<32>());
            self.show_code(connector, &provider, &random(), &random()).await
        };
        let answer = work.await.map_err(|error| why(&error))?;
        Ok(match token_answer::refusal(&answer) {
            (failure::Refusal::Code, _) => Credentials::Taken,
            (failure::Refusal::Client, words) => Credentials::Refused(words),
            (failure::Refusal::Callback, _) => Credentials::CallbackUnknown,
            (failure::Refusal::Email | failure::Refusal::Other, words) => Credentials::Unclear(words),
        })
    }
}

/// What the log would say.
fn why(error: &Error) -> String {
    error.cause().map_or_else(|| error.to_string(), ToString::to_string)
}
