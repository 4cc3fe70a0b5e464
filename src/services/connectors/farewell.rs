//! Signing out over there too, once it is done here: by OpenID Connect RP-Initiated Logout 1.0, or in
//! Amazon Cognito's own way.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::SessionId;
use entity::upstream_session::Model;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Connectors;
use super::connector::{Connector, Provider, UpstreamLogout};
use crate::error::Result;

/// How long somebody may take over there and still be led on.
const LASTS: Duration = Duration::from_secs(600);
/// What the sealed way on is bound to.
const CONTEXT: &[u8] = b"the way on after a logout";

/// Where somebody goes on to who comes back from signing out.
#[derive(Serialize, Deserialize)]
struct WayOn {
    to: String,
    /// In seconds.
    until: i64,
}

impl Connectors {
    /// Where a browser goes to sign out over there, whose `sessions` end here: to the provider of the
    /// first that asks for it. It comes back to us and goes on to `onward`, an address that is checked.
    /// To be asked before they end, for what it stands on goes with them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn farewell(&self, sessions: &[SessionId], onward: Option<&str>) -> Result<Option<String>> {
        if self.list().iter().all(|connector| connector.logout == UpstreamLogout::Off) {
            return Ok(None);
        }
        for session in sessions {
            for row in self.origins(*session).await? {
                let Some(connector) = self.named(&row.connector) else { continue };
                if let Some(address) = self.farewell_at(connector, &row, onward).await {
                    return Ok(Some(address));
                }
            }
        }
        Ok(None)
    }

    /// The address at `connector`; none when it has none, or cannot be asked for it: the person is
    /// signed out here in any case.
    async fn farewell_at(&self, connector: &Connector, row: &Model, onward: Option<&str>) -> Option<String> {
        if connector.logout == UpstreamLogout::Off {
            return None;
        }
        let provider = self.looked_up.provider(connector).await.ok()?;
        if provider.issuer != row.issuer {
            return None;
        }
        match connector.logout {
            UpstreamLogout::Off => None,
            UpstreamLogout::Cognito => self.at_cognito(connector, &provider),
            UpstreamLogout::Standard => self.by_standard(connector, &provider, self.id_token(row), onward),
        }
    }

    /// Where the person comes back to; the provider has to know it.
    fn comes_back_to(&self, connector: &Connector) -> String {
        connector.after_logout.clone().unwrap_or_else(|| format!("{}/login", self.parts.issuer))
    }

    /// Cognito compares `logout_uri` to the letter and hands no `state` back (Logout endpoint).
    fn at_cognito(&self, connector: &Connector, provider: &Provider) -> Option<String> {
        let mut url = Url::parse(&provider.authorization_url).ok()?.join("/logout").ok()?;
        url.set_query(None);
        url.query_pairs_mut()
            .append_pair("client_id", &connector.client_id)
            .append_pair("logout_uri", &self.comes_back_to(connector));
        Some(url.into())
    }

    fn by_standard(
        &self,
        connector: &Connector,
        provider: &Provider,
        id_token: Option<SecretString>,
        onward: Option<&str>,
    ) -> Option<String> {
        let mut url = Url::parse(provider.end_session_url.as_deref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &connector.client_id)
            .append_pair("post_logout_redirect_uri", &self.comes_back_to(connector));
        if let Some(state) = onward.and_then(|onward| self.seal_way_on(onward)) {
            url.query_pairs_mut().append_pair("state", &state);
        }
        let Some(token) = id_token else { return Some(url.into()) };
        let mut hinted = url.clone();
        hinted.query_pairs_mut().append_pair("id_token_hint", token.expose_secret());
        if hinted.as_str().len() <= connector.longest_logout {
            return Some(hinted.into());
        }
        // Some servers refuse a longer address. The person is asked there then.
        if let Some(subject) = subject(token.expose_secret()) {
            url.query_pairs_mut().append_pair("logout_hint", &subject);
        }
        Some(url.into())
    }

    fn seal_way_on(&self, to: &str) -> Option<String> {
        let way_on = WayOn { to: to.to_owned(), until: (self.parts.clock.now() + LASTS).seconds() };
        let plain = serde_json::to_vec(&way_on).ok()?;
        Some(URL_SAFE_NO_PAD.encode(self.parts.upstream.seal(&self.parts.random, CONTEXT, &plain)))
    }

    /// Where somebody goes on to who comes back with `state`; none unless we made it, a while ago at
    /// the most.
    #[must_use]
    pub fn way_on(&self, state: &str) -> Option<String> {
        let plain = self.parts.upstream.open(CONTEXT, &URL_SAFE_NO_PAD.decode(state).ok()?)?;
        let way_on: WayOn = serde_json::from_slice(&plain).ok()?;
        (way_on.until > self.parts.clock.now().seconds()).then_some(way_on.to)
    }
}

/// The subject of an ID token that was verified when it came.
fn subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}
