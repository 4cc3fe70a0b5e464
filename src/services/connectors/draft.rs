//! A connector while its settings are gathered: from the environment, then from the file, which may
//! add to it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::admission::Admission;
use super::client_secret::Signer;
use super::connector::{ClaimNames, Connector, Place, Provider, SecretMethod, Trust, UpstreamLogout};
use super::discovery;
use super::known::{Fixed, Known, Source};
use super::mapping::Mapping;

/// The longest address for signing out that is safe everywhere, in bytes.
pub(super) const LONGEST_LOGOUT: usize = 2000;

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) known: Option<&'static Known>,
    pub(super) issuer: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    /// What makes a secret for each exchange, in the place of one that stays.
    pub(super) signer: Option<Signer>,
    /// Whether it is meant that there is no secret.
    pub(super) is_public: bool,
    pub(super) scope: Option<Vec<String>>,
    pub(super) label: Option<String>,
    pub(super) callback: Option<String>,
    pub(super) method: Option<SecretMethod>,
    pub(super) authorization_url: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) api_version: Option<String>,
    pub(super) trust: Option<Trust>,
    pub(super) registration: Option<bool>,
    pub(super) allowed_domains: Option<Vec<String>>,
    pub(super) hosted_domains: Vec<String>,
    pub(super) logout: Option<UpstreamLogout>,
    pub(super) after_logout: Option<String>,
    pub(super) longest_logout: Option<usize>,
    pub(super) keep_tokens: Option<bool>,
    pub(super) refreshes: bool,
    pub(super) pkce: Option<bool>,
    pub(super) clock_tolerance: Option<Duration>,
    pub(super) admission: Admission,
    pub(super) mapping: Mapping,
    pub(super) claims: ClaimNames,
    pub(super) audience: Option<String>,
    pub(super) image: Option<String>,
}

impl Draft {
    /// The connector called `id`; `registration` says what its kind of provider may do unless it says
    /// more itself.
    ///
    /// # Errors
    /// What lacks or does not fit, each as a sentence that begins with the key.
    pub(super) fn finish(mut self, id: &str, registration: impl Fn(&Known) -> bool) -> Result<Connector, Vec<String>> {
        let mut problems = self.lacking();
        let place = self.known.and_then(|known| self.place(known).map_err(|words| problems.push(words)).ok());
        if let (Some(known), Some(place)) = (self.known, &place) {
            problems.extend(self.admission.problems(known, place));
            problems.extend(self.mapping.problems(known));
        }
        // What is known of a provider's care is known of its own servers alone.
        let is_elsewhere = self.known.and_then(|known| known.fixed.as_ref()).is_some_and(|fixed| {
            self.has_addresses() || self.issuer.as_deref().is_some_and(|issuer| issuer != fixed.issuer)
        });
        let (Some(known), Some(client_id), Some(place), true) =
            (self.known, self.client_id, place, problems.is_empty())
        else {
            return Err(problems);
        };
        let label = self.label.unwrap_or_else(|| format!("Continue with {}", known.name));
        if known.groups.is_some() {
            self.mapping.groups.iter_mut().for_each(|mapped| mapped.name = mapped.name.to_lowercase());
            self.admission.required_groups.iter_mut().for_each(|group| *group = group.to_lowercase());
        }
        let asks_groups = self.admission.groups().next().is_some() || !self.mapping.groups.is_empty();
        let scope = self.scope.unwrap_or_else(|| usual_scope(known, asks_groups));
        Ok(Connector {
            id: id.to_owned(),
            known,
            name: label.strip_prefix("Continue with ").unwrap_or(&label).to_owned(),
            label,
            client_id,
            client_secret: self.client_secret,
            signer: self.signer,
            scope,
            callback: self.callback.unwrap_or_else(|| format!("/oauth/{id}/callback")),
            place,
            method: self.method,
            trust: self.trust.unwrap_or(if is_elsewhere { Trust::Never } else { known.trust }),
            registration: self.registration.unwrap_or_else(|| registration(known)),
            allowed_domains: self.allowed_domains,
            hosted_domains: self.hosted_domains,
            logout: self.logout.unwrap_or(UpstreamLogout::Off),
            after_logout: self.after_logout,
            longest_logout: self.longest_logout.unwrap_or(LONGEST_LOGOUT),
            keep_tokens: self.keep_tokens.unwrap_or(false),
            refreshes: self.refreshes,
            pkce: self.pkce.unwrap_or(true),
            clock_tolerance: self.clock_tolerance.unwrap_or(Duration::from_secs(300)),
            admission: self.admission,
            mapping: self.mapping,
            claims: self.claims,
            audience: self.audience,
            image: self.image,
        })
    }

    /// What lacks, or is for other kinds of providers.
    fn lacking(&self) -> Vec<String> {
        let needed = [
            ("kind", self.known.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some() || self.signer.is_some() || self.is_public),
        ];
        let lacking = needed.into_iter().filter(|(_, is_given)| !is_given);
        let mut problems: Vec<String> = lacking.map(|(key, _)| format!("{key}: lacks.")).collect();
        if self.pkce == Some(false) && self.client_secret.is_none() && self.signer.is_none() {
            problems.push("pkce: has to stay on where there is no secret.".to_owned());
        }
        if !self.hosted_domains.is_empty() && self.known.is_some_and(|known| matches!(known.source, Source::Api(_))) {
            problems
                .push("hosted_domains: this kind of provider says none; take it out, or write allowed_domains.".into());
        }
        problems
    }

    fn has_addresses(&self) -> bool {
        self.authorization_url.is_some() || self.token_url.is_some() || self.api_url.is_some()
    }

    fn place(&self, known: &Known) -> Result<Place, String> {
        let has_addresses = self.has_addresses();
        match (&known.fixed, &self.issuer) {
            (None, None) => Err("issuer: lacks.".to_owned()),
            (None, Some(_)) if has_addresses || self.api_version.is_some() => {
                Err("issuer: its document says all addresses; take authorization_url, token_url, api_url and api_version out."
                    .to_owned())
            }
            // A provider that signs ID tokens says at its issuer where its keys are; and the people of another
            // server are others than those of the same numbers at the usual one (SEC-098).
            (Some(_), None) if has_addresses => {
                Err("issuer: lacks, and tells the people of these addresses from those of the usual ones.".to_owned())
            }
            (None | Some(Fixed { jwks_url: Some(_), .. }), Some(issuer)) => {
                discovery::issuer(issuer).map(Place::Issuer).map_err(|wrong| format!("issuer: {wrong}."))
            }
            (Some(fixed), issuer) => Ok(Place::Fixed(Arc::new(self.fixed(fixed, issuer.as_deref())))),
        }
    }

    fn fixed(&self, fixed: &Fixed, issuer: Option<&str>) -> Provider {
        let version = self.api_version.as_deref().unwrap_or(fixed.version);
        let address = |own: &Option<String>, usual: &str| {
            let address = own.as_deref().unwrap_or(usual).replace("{version}", version);
            address.trim_end_matches('/').to_owned()
        };
        Provider {
            issuer: issuer.unwrap_or(fixed.issuer).to_owned(),
            authorization_url: address(&self.authorization_url, fixed.authorization_url),
            token_url: address(&self.token_url, fixed.token_url),
            api_url: Some(address(&self.api_url, fixed.api_url)).filter(|url| !url.is_empty()),
            jwks_url: fixed.jwks_url.map(str::to_owned),
            algorithms: vec!["RS256".to_owned()],
            // Compared where it comes; their older answers and installations of one's own lack it.
            says_issuer: false,
            end_session_url: None,
            takes_post: fixed.takes_post,
            graph_url: None,
        }
    }
}

fn usual_scope(known: &Known, asks_groups: bool) -> Vec<String> {
    let more = if asks_groups { known.scope_of_groups } else { &[] };
    known.scope.iter().chain(more).map(ToString::to_string).collect()
}
