//! OAuth 2.0 and OpenID Connect as a client: the request that people take along, the answer that they
//! bring back, and the exchange of the code.

use entity::Timestamp;
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::ExposeSecret;
use url::Url;

use super::connector::{Connector, Provider, SecretMethod};
use super::flow::{Anew, Begun};
use super::id_token::{Rules, Unverified};
use super::profile::Claims;
use super::token_answer::{self, Tokens};
use super::upstream::{Arrival, Shown, Upstream};
use super::{Connectors, failure, profile, tenant};
use crate::error::{Error, ErrorKind, Result};
use crate::services::outgoing::{Answer, Proof};

/// What a provider's answer brings along (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// The code.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
    /// What Apple says of the person the first time, beside the code and unsigned.
    pub user: Option<String>,
}

impl Connectors {
    /// The address at `provider` to which the person is sent.
    pub(super) fn request(
        &self,
        connector: &Connector,
        provider: &Provider,
        begun: &Begun,
        state: &str,
    ) -> Result<String> {
        let mut url = Url::parse(&provider.authorization_url).map_err(failure::upstream)?;
        let verifier = PkceCodeVerifier::new(begun.verifier.clone());
        let challenge = connector.pkce.then(|| PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &connector.client_id)
            .append_pair("redirect_uri", &self.callback(connector))
            .append_pair("scope", &connector.scope.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", &begun.nonce)
            .extend_pairs(
                challenge
                    .iter()
                    .flat_map(|challenge| [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]),
            )
            .extend_pairs(connector.known.parameters)
            .extend_pairs(connector.known.again.iter().filter(|_| begun.anew != Anew::No))
            .extend_pairs(connector.audience.iter().map(|audience| ("audience", audience)));
        Ok(url.into())
    }

    /// Who came back from `connector` with `returned`, to what was `begun`.
    ///
    /// # Errors
    /// [`ErrorKind::AccessDenied`] when they changed their mind there; [`ErrorKind::Unavailable`];
    /// [`ErrorKind::NotMember`] and the others that say why they may not come in;
    /// [`ErrorKind::ProviderFailed`] for everything that no honest provider answers.
    pub async fn finish(&self, connector: &Connector, begun: &Begun, returned: &Returned) -> Result<Arrival> {
        let work = async {
            let provider = self.looked_up.provider(connector).await?;
            check_issuer(&provider, returned.issuer.as_deref())?;
            let code = match (&returned.code, &returned.error) {
                (Some(code), None) => code,
                (None, Some(error)) => return Err(failure::of_answer(error)),
                _ => return Err(failure::upstream("it answers with both a code and an error, or with neither")),
            };
            let tokens = self.exchange(connector, &provider, begun, code).await?;
            let (mut profile, session) = self.profile(connector, &provider, begun, &tokens).await?;
            if let Some(user) = &returned.user
                && profile.name.is_empty()
                && connector.known.answers_by_form()
            {
                // The browser could write it: a name, and nothing that anybody is known by.
                profile.name = profile::name_beside(user);
            }
            let now = self.parts.clock.now();
            let upstream = Upstream::of(connector, session.sid, tokens, now);
            let proven_at = session.age.map(|age| now - age);
            let shown = Shown::of(proven_at, Timestamp::from_seconds(begun.at));
            Ok(Arrival { profile, anew: begun.anew, shown, proven_at, upstream })
        };
        let found = tokio::time::timeout(self.patience(), work).await;
        let found = found.unwrap_or_else(|_| Err(failure::unavailable("it took too long")));
        found.map_err(|error| match error.kind {
            // A fault of the provider's, whatever it was that we could not read.
            ErrorKind::Unavailable
            | ErrorKind::AccessDenied
            | ErrorKind::EmailMissing
            | ErrorKind::Forbidden
            | ErrorKind::NotMember
            | ErrorKind::GroupsUnknown
            | ErrorKind::OtherTenant
            | ErrorKind::RoleMissing => error,
            _ => Error::from(ErrorKind::ProviderFailed).because(format!("{error:?}")),
        })
    }

    async fn exchange(&self, connector: &Connector, provider: &Provider, begun: &Begun, code: &str) -> Result<Tokens> {
        self.settle_place(connector).await?;
        token_answer::read(&self.show_code(connector, provider, &begun.verifier, code).await?)
    }

    /// What the provider answers to `code`, shown with what proves who we are.
    pub(super) async fn show_code(
        &self,
        connector: &Connector,
        provider: &Provider,
        verifier: &str,
        code: &str,
    ) -> Result<Answer> {
        let redirect_uri = self.callback(connector);
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri.as_str())];
        fields.extend(connector.pkce.then_some(("code_verifier", verifier)));
        let announced = if provider.takes_post { SecretMethod::Post } else { SecretMethod::Basic };
        let mut proof = Proof::None;
        let secret = connector.secret(provider, self.parts.clock.now())?;
        match (&secret, connector.method.unwrap_or(announced)) {
            (Some(secret), SecretMethod::Basic) => proof = Proof::Basic(&connector.client_id, secret),
            (Some(secret), SecretMethod::Post) => {
                fields.extend([("client_id", connector.client_id.as_str()), ("client_secret", secret.expose_secret())]);
            }
            (None, _) => fields.push(("client_id", connector.client_id.as_str())),
        }
        self.parts.outgoing.ask(&provider.token_url, &fields, proof).await
    }

    /// The claims of the ID token, which must be of this sign-in.
    pub(super) async fn claims(
        &self,
        connector: &Connector,
        provider: &Provider,
        begun: &Begun,
        tokens: &Tokens,
    ) -> Result<Claims> {
        let token =
            tokens.id.as_deref().ok_or_else(|| failure::upstream("no ID token came: is openid in the scope?"))?;
        let token = Unverified::read(token, provider)?;
        let enough = |keys: &[_]| token.knows_key(keys) && (token.has_kid() || token.is_signed_by(keys));
        let keys = self.looked_up.keys(connector, provider, enough).await?;
        let rules = Rules {
            provider,
            client_id: &connector.client_id,
            nonce: &begun.nonce,
            access_token: tokens.access.expose_secret(),
            now: self.parts.clock.now(),
            tolerance: connector.clock_tolerance,
        };
        token.verify(&keys, &rules)
    }
}

/// Whether the answer is this provider's (RFC 9207 section 2.4).
fn check_issuer(provider: &Provider, given: Option<&str>) -> Result<()> {
    match given {
        Some(issuer) if !tenant::speaks_for(issuer, &provider.issuer) => {
            Err(failure::upstream("the answer is another issuer's"))
        }
        None if provider.says_issuer => Err(failure::upstream("the answer says not whose it is")),
        _ => Ok(()),
    }
}
