//! What is known of a client, by the names of RFC 7591 section 2 and ours.

use serde::{Deserialize, Serialize};
use url::Url;

use super::jwks::Jwks;
use super::scope::ScopeList;
use super::uri::{RedirectUri, WebUri};
use super::vocabulary::{
    AccessTokenKind, ApplicationType, AuthMethod, GrantType, Introspect, ResponseType, SubjectType,
};
use crate::error::FieldProblem;
use crate::services::keys::SigningAlgorithm;

/// A client's metadata; each field bears the name that the clients file uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// What it runs as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// What people read on the consent page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The client's home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<WebUri>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<WebUri>,
    /// How it treats what it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<WebUri>,
    /// Its terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<WebUri>,
    /// Whom to write to about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Where an authorization may end; compared byte for byte.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a logout may end (RP-Initiated Logout section 3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where logout tokens go (Back-Channel Logout section 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<WebUri>,
    /// Whether logout tokens must name the session.
    pub backchannel_logout_session_required: bool,
    /// Where a sign-in can be begun by others (OpenID Connect Core section 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<WebUri>,
    /// How the client proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// What it may ask tokens for.
    pub grant_types: Vec<GrantType>,
    /// What its authorization requests may answer with.
    pub response_types: Vec<ResponseType>,
    /// The scopes that it may ask for; none named: those that every client may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeList>,
    /// The resources that its access tokens may be meant for (RFC 8707), besides this issuer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<WebUri>,
    /// Its public keys (RFC 7517).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Jwks>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<WebUri>,
    /// Which `sub` it sees.
    pub subject_type: SubjectType,
    /// Whose host is its sector, where its redirect addresses are on several (OpenID Connect Core section 8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<WebUri>,
    /// How its ID tokens are signed.
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// How userinfo is signed for it; none: it gets plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// How introspection is signed for it where it asks for that (RFC 9701 section 6).
    pub introspection_signed_response_alg: SigningAlgorithm,
    /// How old a sign-in may be when it does not say, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether it must push its requests (RFC 9126).
    pub require_pushed_authorization_requests: bool,
    /// The operator's own: no consent page.
    pub trusted: bool,
    /// Only people with a confirmed address may enter.
    pub requires_verified_email: bool,
    /// Which tokens it may have introspected; none: it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspect: Option<Introspect>,
    /// What its access tokens look like.
    pub access_token: AccessTokenKind,
    /// Whether its authorization requests must use PKCE (RFC 7636).
    pub require_pkce: bool,
}

impl Default for Metadata {
    /// What holds when nothing is said (RFC 7591 section 2).
    fn default() -> Self {
        Self {
            application_type: None,
            client_name: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            initiate_login_uri: None,
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            grant_types: Vec::new(),
            response_types: Vec::new(),
            scope: None,
            resources: Vec::new(),
            jwks: None,
            jwks_uri: None,
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            userinfo_signed_response_alg: None,
            introspection_signed_response_alg: SigningAlgorithm::Rs256,
            default_max_age: None,
            require_pushed_authorization_requests: false,
            trusted: false,
            requires_verified_email: false,
            introspect: None,
            access_token: AccessTokenKind::Jwt,
            require_pkce: true,
        }
    }
}

impl Metadata {
    /// A client that cannot keep a secret (RFC 6749 section 2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether its method needs a secret that both sides know.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        matches!(self.token_endpoint_auth_method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
    }

    /// Whether it may ask for `scope`: one of those that it registered, or any where it named none.
    #[must_use]
    pub fn may_ask_for(&self, scope: &str) -> bool {
        self.scope.as_ref().is_none_or(|list| list.as_slice().iter().any(|one| one == scope))
    }

    /// The host of its `sector_identifier_uri`, or the one that all its redirect addresses share, if they do:
    /// what keeps the ids of its people apart from those that others see (OpenID Connect Core section 8.1).
    #[must_use]
    pub fn sector(&self) -> Option<String> {
        let host = |address: &str| {
            let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
            url.host_str().map(str::to_owned)
        };
        if let Some(address) = &self.sector_identifier_uri {
            return host(address.as_str());
        }
        let mut hosts = self.redirect_uris.iter().map(|address| host(address.as_str()));
        let first = hosts.next()??;
        hosts.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// Fills in the grants that follow from the addresses when none are named: a client that a
    /// person can be sent back to gets the code flow and its refresh tokens, another one nothing.
    #[must_use]
    pub fn completed(mut self) -> Self {
        if self.grant_types.is_empty() && !self.redirect_uris.is_empty() {
            self.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        }
        if self.response_types.is_empty() && self.grant_types.contains(&GrantType::AuthorizationCode) {
            self.response_types = vec![ResponseType::Code];
        }
        self
    }

    /// What does not go together, each problem under the name that must change.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let may = |grant| self.grant_types.contains(&grant);
        let private_key = self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
        let has_keys = self.jwks.is_some() || self.jwks_uri.is_some();
        let is_mute = self.jwks.as_ref().is_some_and(|keys| !keys.can_verify());
        let is_pairwise = self.subject_type == SubjectType::Pairwise;
        let name_is_bad = self.client_name.as_deref().is_some_and(|name| !is_name(name));
        let is_public = self.is_public();
        let rules = [
            (name_is_bad, "client_name", "is 1 to 100 characters on one line."),
            (
                is_public && self.introspect.is_some(),
                "introspect",
                "is not for a public client: it cannot prove who it is.",
            ),
            (
                is_public && may(GrantType::ClientCredentials),
                "grant_types",
                "client_credentials is not for a public client: it has none.",
            ),
            (is_public && !self.require_pkce, "require_pkce", "cannot be waived for a public client."),
            (private_key && !has_keys, "jwks", "private_key_jwt needs the client's public keys: jwks or jwks_uri."),
            (
                private_key && is_mute,
                "jwks",
                "holds no key that an assertion can be signed with (RS256, PS256, ES256, EdDSA).",
            ),
            (
                is_pairwise && self.sector().is_none(),
                "subject_type",
                "pairwise needs redirect_uris, all of them on one host, or a sector_identifier_uri.",
            ),
            (is_plain(self.sector_identifier_uri.as_ref()), "sector_identifier_uri", "must be https."),
            (self.jwks.is_some() && self.jwks_uri.is_some(), "jwks_uri", "stands beside jwks: give one of the two."),
            (
                may(GrantType::AuthorizationCode) && self.redirect_uris.is_empty(),
                "redirect_uris",
                "authorization_code needs at least one.",
            ),
            (
                !self.response_types.is_empty() && !may(GrantType::AuthorizationCode),
                "response_types",
                "code needs the grant authorization_code.",
            ),
        ];
        let broken = rules.into_iter().filter(|(is_broken, ..)| *is_broken);
        broken.map(|(_, field, words)| FieldProblem::new(field, words)).collect()
    }
}

fn is_plain(address: Option<&WebUri>) -> bool {
    address.is_some_and(|address| !address.as_str().starts_with("https://"))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 100 && !name.chars().any(char::is_control)
}
