//! OAuth 2.0 and OpenID Connect as a client: the request that people take along, the answer that they
//! bring back, the exchange of the code, and who it was.

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::connector::{Connector, Provider, SecretMethod};
use super::flow::Begun;
use super::id_token::{Rules, Unverified};
use super::known::{Api, Source};
use super::profile::Claims;
use super::token_answer::{self, Tokens};
use super::upstream::{Arrival, Upstream};
use super::{Connectors, failure, profile};
use crate::error::{Error, ErrorKind, Result};
use crate::services::outgoing::Proof;
use crate::services::users::identity::Profile;

/// Longest name of a session over there that is kept, in bytes.
const LONGEST_SID: usize = 255;

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
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(begun.verifier.clone()));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &connector.client_id)
            .append_pair("redirect_uri", &self.callback(connector))
            .append_pair("scope", &connector.scope.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(connector.known.parameters);
        Ok(url.into())
    }

    /// Who came back from `connector` with `returned`, to what was `begun`.
    ///
    /// # Errors
    /// [`ErrorKind::AccessDenied`] when they changed their mind there; [`ErrorKind::Unavailable`];
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
            let (mut profile, sid) = self.profile(connector, &provider, begun, &tokens).await?;
            if let Some(user) = &returned.user
                && profile.name.is_empty()
                && connector.known.answers_by_form()
            {
                // The browser could write it: a name, and nothing that anybody is known by.
                profile.name = profile::name_beside(user);
            }
            Ok(Arrival { profile, upstream: Upstream::of(connector, sid, tokens, self.parts.clock.now()) })
        };
        let found = tokio::time::timeout(self.patience(), work).await;
        let found = found.unwrap_or_else(|_| Err(failure::unavailable("it took too long")));
        found.map_err(|error| match error.kind {
            // A fault of the provider's, whatever it was that we could not read.
            ErrorKind::Unavailable | ErrorKind::AccessDenied | ErrorKind::EmailMissing | ErrorKind::Forbidden => error,
            _ => Error::from(ErrorKind::ProviderFailed).because(format!("{error:?}")),
        })
    }

    async fn exchange(&self, connector: &Connector, provider: &Provider, begun: &Begun, code: &str) -> Result<Tokens> {
        self.check_place(connector).await?;
        let redirect_uri = self.callback(connector);
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", begun.verifier.as_str()),
        ];
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
        let answer = self.parts.outgoing.ask(&provider.token_url, &fields, proof).await?;
        token_answer::read(&answer)
    }

    /// Who it is, and what the provider calls their session.
    async fn profile(
        &self,
        connector: &Connector,
        provider: &Provider,
        begun: &Begun,
        tokens: &Tokens,
    ) -> Result<(Profile, Option<String>)> {
        match connector.known.source {
            Source::Api(ask) => {
                let api = Api { outgoing: &self.parts.outgoing, connector, provider, token: &tokens.access };
                Ok((ask(&api).await?, None))
            }
            Source::IdToken => {
                let claims = self.claims(connector, provider, begun, tokens).await?;
                check_hosted_domain(connector, &claims)?;
                let more = self.userinfo(provider, &claims, tokens).await?;
                let sid =
                    claims.get("sid").and_then(Value::as_str).filter(|sid| (1..=LONGEST_SID).contains(&sid.len()));
                Ok((profile::of_claims(connector, provider, &claims, &more)?, sid.map(str::to_owned)))
            }
        }
    }

    /// The claims of the ID token, which must be of this sign-in.
    async fn claims(
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

    /// What the provider says besides, where its ID token says too little. Only of the same person
    /// (OpenID Connect Core section 5.3.2).
    async fn userinfo(&self, provider: &Provider, claims: &Claims, tokens: &Tokens) -> Result<Claims> {
        let (Some(address), false) = (&provider.api_url, claims.contains_key("email") && claims.contains_key("name"))
        else {
            return Ok(Claims::new());
        };
        let answer = self.parts.outgoing.look(address, Proof::Bearer(&tokens.access)).await?;
        let more: Option<Claims> = serde_json::from_slice(&answer.body).ok();
        match more {
            Some(more) if answer.status == 200 => match more.get("sub") == claims.get("sub") {
                true => Ok(more),
                false => Err(failure::upstream("its userinfo is of somebody else")),
            },
            _ => {
                tracing::info!(status = answer.status, "a provider's userinfo cannot be read");
                Ok(Claims::new())
            }
        }
    }
}

/// Whether the answer is this provider's (RFC 9207 section 2.4).
fn check_issuer(provider: &Provider, given: Option<&str>) -> Result<()> {
    match given {
        Some(issuer) if issuer != provider.issuer => Err(failure::upstream("the answer is another issuer's")),
        None if provider.says_issuer => Err(failure::upstream("the answer says not whose it is")),
        _ => Ok(()),
    }
}

/// The domain of a Google Workspace is a claim; that of the address may be another (SEC-100).
fn check_hosted_domain(connector: &Connector, claims: &Claims) -> Result<()> {
    let domain = claims.get("hd").and_then(Value::as_str);
    let is_there = |wanted: &String| domain.is_some_and(|domain| domain.eq_ignore_ascii_case(wanted));
    if connector.hosted_domains.is_empty() || connector.hosted_domains.iter().any(is_there) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Forbidden, "Only accounts of certain organisations may come in this way."))
}
