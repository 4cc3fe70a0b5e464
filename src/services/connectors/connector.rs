//! One provider that lets people in, as it is set up here.

use std::sync::Arc;
use std::time::Duration;

use entity::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::admission::Admission;
use super::client_secret::Signer;
use super::known::Known;
use super::mapping::Mapping;
use crate::error::Result;

/// How the secret travels to the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMethod {
    /// By HTTP Basic.
    Basic,
    /// In the form.
    Post,
}

/// Whether a provider's word for an address counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// No address counts as the person's, whatever it says.
    Never,
    /// As it says.
    Claimed,
    /// Every address counts, even where it says nothing.
    Always,
}

/// Whether who signs out here is signed out over there too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamLogout {
    /// They stay signed in there.
    Off,
    /// At the provider's `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0).
    Standard,
    /// In Amazon Cognito's own way.
    Cognito,
}

/// Where a provider is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At these addresses; nothing has to be looked up.
    Fixed(Arc<Provider>),
    /// Where the discovery document of this issuer says, which may be spelt with or without a slash at
    /// its end.
    Issuer(String),
}

/// A provider's addresses, and what it says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// What it calls itself.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_url: String,
    /// Where codes are exchanged.
    pub token_url: String,
    /// Where it tells who holds a token: an API's base, or OpenID Connect's userinfo endpoint.
    pub api_url: Option<String>,
    /// Where its public keys are.
    pub jwks_url: Option<String>,
    /// What it signs ID tokens with, by its own word.
    pub algorithms: Vec<String>,
    /// Whether it promises `iss` in its answers (RFC 9207 section 3).
    pub says_issuer: bool,
    /// Where people are sent to sign out.
    pub end_session_url: Option<String>,
    /// Whether it takes the secret in the form; else by HTTP Basic.
    pub takes_post: bool,
    /// The base of Microsoft Graph, where it names one.
    pub graph_url: Option<String>,
}

/// A provider that lets people in.
#[derive(Clone, Debug)]
pub struct Connector {
    /// What it is called in addresses and in the database.
    pub id: String,
    /// What is known of its kind.
    pub known: &'static Known,
    /// What people call it.
    pub name: String,
    /// The words on its button.
    pub label: String,
    /// Who we are there.
    pub client_id: String,
    /// What proves it; none: PKCE alone.
    pub client_secret: Option<SecretString>,
    /// What makes a secret for each exchange, in the place of one that stays.
    pub signer: Option<Signer>,
    /// What is asked for.
    pub scope: Vec<String>,
    /// The path below the base path where people come back.
    pub callback: String,
    /// Where it is asked.
    pub place: Place,
    /// How the secret travels; none: as the provider says.
    pub method: Option<SecretMethod>,
    /// Whether its word for an address counts.
    pub trust: Trust,
    /// Whether a first sign-in makes an account.
    pub registration: bool,
    /// Domains of addresses that may come in; none: as everywhere.
    pub allowed_domains: Option<Vec<String>>,
    /// Google Workspace domains whose people may come in (the claim `hd`); empty: everybody.
    pub hosted_domains: Vec<String>,
    /// Whether who signs out here is signed out there too.
    pub logout: UpstreamLogout,
    /// Where they come back to then, which has to be registered there; none: our sign-in page.
    pub after_logout: Option<String>,
    /// The longest address that they are sent to for it, in bytes.
    pub longest_logout: usize,
    /// Whether its tokens are kept, as long as the session that came by them.
    pub keep_tokens: bool,
    /// Whether names and picture are taken at each sign-in; else at the first.
    pub refreshes: bool,
    /// Whether the proof that only whoever began a sign-in ends it goes along (RFC 7636).
    pub pkce: bool,
    /// How far its clock may be off.
    pub clock_tolerance: Duration,
    /// Who may come in.
    pub admission: Admission,
    /// What its people become.
    pub mapping: Mapping,
    /// The claims of which a profile is made.
    pub claims: ClaimNames,
    /// Where the picture on its button is; none: its kind's mark.
    pub image: Option<String>,
    /// What is asked for as the audience of the access token (`audience`, as Auth0 has it).
    pub audience: Option<String>,
}

impl Connector {
    /// Whether it is asked where the provider itself is, and not at a server of somebody's own.
    #[must_use]
    pub fn is_at_home(&self) -> bool {
        let origin = |address: &str| Url::parse(address).ok().map(|url| url.origin());
        match (&self.place, &self.known.fixed) {
            (Place::Fixed(provider), Some(fixed)) => {
                provider.issuer == fixed.issuer && origin(&provider.token_url) == origin(fixed.token_url)
            }
            _ => false,
        }
    }

    /// The callback address, which has to be registered at the provider, where we are at `issuer`.
    #[must_use]
    pub fn callback_below(&self, issuer: &str) -> String {
        format!("{issuer}{}", self.callback)
    }

    /// The address at which its provider tells of sessions that are over (OpenID Connect Back-Channel Logout
    /// section 2.5), where we are at `issuer`; none for a kind of provider that tells nobody.
    #[must_use]
    pub fn told_below(&self, issuer: &str) -> Option<String> {
        self.known.fixed.is_none().then(|| format!("{issuer}/oauth2/backchannel-logout/{}", self.id))
    }
}

/// Claims that are read before the usual ones: names, or paths with a dot for each step down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimNames {
    /// For the user name.
    pub username: Option<String>,
    /// For the name.
    pub name: Option<String>,
    /// For the address; what it holds counts as not verified unless it is `email`.
    pub email: Option<String>,
}

impl Connector {
    /// What proves who we are at `provider`, at the moment `now`.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub(super) fn secret(&self, provider: &Provider, now: Timestamp) -> Result<Option<SecretString>> {
        match &self.signer {
            Some(signer) => signer.secret(&provider.issuer, &self.client_id, now).map(Some),
            None => Ok(self.client_secret.clone()),
        }
    }
}
