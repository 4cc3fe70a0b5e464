//! ID tokens (OpenID Connect Core section 2).

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::claims::{self, Claims};
use super::{ACR, Tokens};
use crate::error::Result;
use crate::services::clients::{Client, SigningAlgorithm};
use crate::services::grants::{ClaimsRequest, Grant};
use crate::services::sessions::Live;

/// The `typ` of an ID token.
pub const TYP: &str = "JWT";

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
        let mut claims = self.about(client, grant, live);
        claims.insert("iat".into(), json!(now.seconds()));
        claims.insert("exp".into(), json!((now + self.settings.id_token_lifetime).seconds()));
        claims.insert("at_hash".into(), json!(half_hash(algorithm, access_token)));
        if let Some(nonce) = nonce {
            claims.insert("nonce".into(), json!(nonce));
        }
        self.keys.sign(algorithm, TYP, &claims).await
    }

    /// Who the person of a grant is, to its client.
    fn about(&self, client: &Client, grant: &Grant, live: &Live) -> Claims {
        let wishes = requested(grant).id_token;
        let mut claims = claims::of(&live.user, &entity::Names::default(), &wishes);
        claims.extend(claims::of_roles(&live.user, &grant.scope));
        let fixed = [
            ("iss", json!(self.issuer)),
            ("sub", json!(live.user.id.to_string())),
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
