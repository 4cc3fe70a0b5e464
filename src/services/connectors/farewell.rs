//! Signing out over there too, once it is done here: by OpenID Connect RP-Initiated Logout 1.0, or in
//! Amazon Cognito's own way.

use std::fmt;
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
use super::tenant;
use crate::error::Result;

/// How long somebody may take over there and still be led on.
const LASTS: Duration = Duration::from_secs(600);
/// How long a sign-out waits to hear where that is: somebody at a machine of others is in a hurry.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the sealed way on is bound to.
const CONTEXT: &[u8] = b"the way on after a logout";
/// The longest way on that is sealed, in bytes: with its seal it fits into a cookie.
const LONGEST: usize = 2000;

/// How a browser signs out over there.
#[derive(Clone, PartialEq, Eq)]
pub struct Farewell {
    /// Where it goes.
    pub address: String,
    /// What it has to keep for [`LASTS`](Self::LASTS), because the provider hands nothing back by which it
    /// could be told where to go on to.
    pub keeps: Option<String>,
}

impl Farewell {
    /// How long somebody may take over there and still be led on.
    pub const LASTS: Duration = LASTS;
}

impl fmt::Debug for Farewell {
    /// Without the address, which holds a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Farewell")
    }
}

/// Where somebody goes on to who comes back from signing out.
#[derive(Serialize, Deserialize)]
struct WayOn {
    to: String,
    /// In seconds.
    until: i64,
}

impl Connectors {
    /// Where a browser goes to sign out over there, whose `sessions` end here: to the provider of the
    /// first that asks for it. It comes back to us and goes on to `onward`, an address that is checked, or
    /// else to the page which says that nobody is signed in: the sign-in page may lead straight back in.
    /// To be asked before they end, for what it stands on goes with them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn farewell(&self, sessions: &[SessionId], onward: Option<&str>) -> Result<Option<Farewell>> {
        if !self.has_farewells() {
            return Ok(None);
        }
        let signed_out = format!("{}/logout", self.parts.issuer);
        let onward = onward.filter(|onward| onward.len() <= LONGEST).unwrap_or(&signed_out);
        for session in sessions {
            for row in self.origins(*session).await? {
                let Some(connector) = self.named(&row.connector) else { continue };
                if let Some(farewell) = self.farewell_at(connector, &row, onward).await {
                    return Ok(Some(farewell));
                }
            }
        }
        Ok(None)
    }

    /// Whether signing out here may lead to a provider.
    #[must_use]
    pub fn has_farewells(&self) -> bool {
        self.list().iter().any(|connector| connector.logout != UpstreamLogout::Off)
    }

    /// The way out at `connector`; none when it has none, or cannot be asked for it: the person is
    /// signed out here in any case.
    async fn farewell_at(&self, connector: &Connector, row: &Model, onward: &str) -> Option<Farewell> {
        if connector.logout == UpstreamLogout::Off {
            return None;
        }
        let provider = tokio::time::timeout(PATIENCE, self.looked_up.provider(connector)).await.ok()?.ok()?;
        // The one of many tenants calls itself otherwise than each of them.
        if !tenant::speaks_for(&row.issuer, &provider.issuer) {
            return None;
        }
        match connector.logout {
            UpstreamLogout::Off => None,
            UpstreamLogout::Cognito => {
                let comes_here = self.comes_back_to(connector).starts_with(&format!("{}/", self.parts.issuer));
                let keeps = if comes_here { self.seal_way_on(onward) } else { None };
                Some(Farewell { address: self.at_cognito(connector, &provider)?, keeps })
            }
            UpstreamLogout::Standard => {
                let address = self.by_standard(connector, &provider, self.id_token(row), onward)?;
                Some(Farewell { address, keeps: None })
            }
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
        onward: &str,
    ) -> Option<String> {
        let mut url = Url::parse(provider.end_session_url.as_deref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &connector.client_id)
            .append_pair("post_logout_redirect_uri", &self.comes_back_to(connector));
        if let Some(state) = self.seal_way_on(onward) {
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

    /// Where somebody goes on to who comes back with `sealed`, as a state or because they kept it; none
    /// unless we made it, a while ago at the most.
    #[must_use]
    pub fn way_on(&self, sealed: &str) -> Option<String> {
        let plain = self.parts.upstream.open(CONTEXT, &URL_SAFE_NO_PAD.decode(sealed).ok()?)?;
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
