//! Clients that want something of their own: keys in place of a secret, signed answers, ids that
//! nobody else sees.

use std::sync::LazyLock;

use postern::services::clients::ASSERTION_TYPE;
use reqwest::Method;
use serde_json::{Value, json};

use super::jws::Key;
use super::{Answer, CLIENT_SECRET, Site};

/// The keys of the client `signer`, by the names that they have in its set.
pub(crate) static KEYS: LazyLock<[(&str, Key); 3]> =
    LazyLock::new(|| [("rsa", Key::rsa()), ("ec", Key::ec()), ("ed", Key::ed())]);

/// Those apps, declared.
pub(super) fn file() -> String {
    let app = |id: &str, host: &str, more: &str| {
        format!(
            "[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{CLIENT_SECRET}\"\ntrusted = true\n\
             redirect_uris = [\"https://{host}/cb\"]\n{more}\n"
        )
    };
    let set: Vec<String> = KEYS.iter().map(|(kid, key)| toml(&key.jwk(kid))).collect();
    let signs = "token_endpoint_auth_method = \"private_key_jwt\"\nintrospect = \"all\"\nscope = \"reports introspect\"\n\
                 grant_types = [\"client_credentials\", \"authorization_code\"]\n";
    let signer = |id: &str, keys: &str| {
        format!("[[client]]\nclient_id = \"{id}\"\nredirect_uris = [\"https://{id}.example/cb\"]\n{signs}{keys}\n")
    };
    let asker = |id: &str, introspect: &str| {
        format!(
            "[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{CLIENT_SECRET}\"\n{introspect}\
             grant_types = [\"client_credentials\"]\nscope = \"introspect reports\"\n"
        )
    };
    [
        signer("signer", &format!("jwks = {{ keys = [{}] }}", set.join(", "))),
        signer("other_signer", &format!("jwks = {{ keys = [{}] }}", toml(&Key::ec().jwk("ec")))),
        signer("remote", "jwks_uri = \"https://127.0.0.1:1/keys\""),
        asker("asker", "introspect = \"all\"\nintrospection_signed_response_alg = \"ES256\"\n"),
        asker("curious", "introspect = \"all\"\nintrospection_signed_response_alg = \"EdDSA\"\n"),
        asker("narrow_asker", "introspect = \"own\"\n"),
        asker("mute", ""),
        app("modest", "modest.example", "scope = \"openid profile\""),
        app("sealed", "sealed.example", "userinfo_signed_response_alg = \"ES256\""),
        app("veiled", "veiled.example", "subject_type = \"pairwise\"\nintrospect = \"own\""),
        app("veiled_too", "veiled.example", "subject_type = \"pairwise\"\naccess_token = \"opaque\""),
        app("hasty", "hasty.example", "initiate_login_uri = \"https://start.hasty.example/go?by=us\""),
        app(
            "masked",
            "masked.example",
            "subject_type = \"pairwise\"\nuserinfo_signed_response_alg = \"RS256\"\n\
             post_logout_redirect_uris = [\"https://masked.example/bye\"]",
        ),
    ]
    .join("\n")
}

/// A flat JSON object as an inline table of TOML.
fn toml(object: &Value) -> String {
    let members = object.as_object().expect("an object").iter();
    format!("{{ {} }}", members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", "))
}

/// What an assertion of the client `id` says: good for a minute from now on, and for one use.
pub(crate) fn claims(id: &str, audience: &str, now: i64, jti: &str) -> Value {
    json!({"iss": id, "sub": id, "aud": audience, "iat": now, "exp": now + 60, "jti": jti})
}

/// `claims`, signed by the elliptic key of `signer`.
pub(crate) fn asserted(claims: &Value) -> String {
    let (kid, key) = &KEYS[1];
    key.sign(&json!({"alg": "ES256", "kid": kid}), claims.to_string().as_bytes())
}

impl Site {
    /// A form to `path` with nothing but an assertion to prove the client.
    pub(crate) async fn assert(&self, path: &str, assertion: &str, fields: &[(&str, &str)]) -> Answer {
        let proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        self.send(self.request(Method::POST, path).form(&[fields, &proof].concat())).await
    }
}
