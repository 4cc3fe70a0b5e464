//! ID tokens (OpenID Connect Core section 2).

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::claims::{self, Claims};
use super::{ACR, Tokens};
use crate::error::Result;
use crate::services::clients::{Client, SigningAlgorithm};
use crate::services::grants::{ClaimsRequest, Grant};
use crate::services::sessions::Live;

/// The `typ` of an ID token.
pub const TYP: &str = "JWT";

/// What is looked at when an ID token comes back.
#[derive(Debug, Deserialize)]
struct Hint {
    iss: String,
    sub: String,
    aud: String,
    azp: Option<String>,
    exp: i64,
    iat: i64,
}

impl Tokens {
    /// The ID token that goes out with `access_token`. A `nonce` goes into the first one alone
    /// (Core section 12.2).
    pub(super) async fn id_token(
        &self,
        client: &Client,
        grant: &Grant,
        live: &Live,
        access_token: &str,
        nonce: Option<&str>,
    ) -> Result<String> {
        let algorithm = client.id_token_signed_response_alg;
        let now = self.clock.now();
        let sub = self.subject(client, live.user.id).await?;
        let mut claims = self.about(client, grant, live, &sub);
        claims.insert("iat".into(), json!(now.seconds()));
        claims.insert("exp".into(), json!((now + self.settings.id_token_lifetime).seconds()));
        claims.insert("at_hash".into(), json!(half_hash(algorithm, access_token)));
        if let Some(nonce) = nonce {
            claims.insert("nonce".into(), json!(nonce));
        }
        self.keys.sign(algorithm, TYP, &claims).await
    }

    /// Whose ID token `text` is, by its `sub`, if it is a genuine one for `client`; however old it is
    /// (Core section 3.1.2.1, `id_token_hint`).
    ///
    /// # Errors
    /// When the keys cannot be read now.
    pub async fn hinted(&self, client: &Client, text: &str) -> Result<Option<String>> {
        let Some(claims) = self.keys.verify(text, TYP).await? else { return Ok(None) };
        let hint: Option<Hint> = serde_json::from_value(Value::Object(claims)).ok();
        let is_for_it = |hint: &Hint| {
            let (id, times) = (client.id.as_str(), 0..=hint.exp);
            let is_its_own = hint.aud == id && hint.azp.as_deref().is_none_or(|azp| azp == id);
            hint.iss == self.issuer && is_its_own && times.contains(&hint.iat)
        };
        Ok(hint.filter(is_for_it).map(|hint| hint.sub))
    }

    /// Who the person of a grant, called `sub`, is to its client.
    fn about(&self, client: &Client, grant: &Grant, live: &Live, sub: &str) -> Claims {
        let wishes = requested(grant).id_token;
        let mut claims = claims::of(&live.user, &self.issuer, client, &entity::Names::default(), &wishes);
        claims.extend(claims::of_roles(&live.user, client, &grant.scope));
        let fixed = [
            ("iss", json!(self.issuer)),
            ("sub", json!(sub)),
            ("aud", json!(client.id.as_str())),
            ("auth_time", json!(grant.authenticated_at.seconds())),
            ("acr", json!(ACR)),
            ("amr", json!(live.session.amr.as_slice())),
            ("sid", json!(live.session.id.to_string())),
        ];
        claims.extend(fixed.map(|(name, value): (&str, Value)| (name.to_owned(), value)));
        claims
    }
}

/// The single claims that were asked for with the grant.
pub(super) fn requested(grant: &Grant) -> ClaimsRequest {
    grant.claims.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The left half of the hash that goes with the algorithm (Core section 3.1.3.6).
fn half_hash(algorithm: SigningAlgorithm, text: &str) -> String {
    let hash = match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Es256 => digest(&SHA256, text.as_bytes()),
        // Ed25519 hashes with SHA-512 (RFC 8032 section 5.1).
        SigningAlgorithm::EdDsa => digest(&SHA512, text.as_bytes()),
    };
    let half = hash.as_ref().len() / 2;
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..half])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_hash_is_as_long_as_the_algorithm_has_it() {
        // OpenID Connect Core, appendix A.3: the access token and its at_hash.
        let hash = half_hash(SigningAlgorithm::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(hash, "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash(SigningAlgorithm::EdDsa, "x").len(), 43);
    }
}
