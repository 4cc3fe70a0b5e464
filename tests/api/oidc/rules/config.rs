//! The Config plan.

use serde_json::{Value, json};

use crate::support::TestServer;

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let issuer = "https://auth.fernwood.example/id";
    let server = TestServer::start(&[("POSTERN_URL", issuer)]).await;
    let found = server.get("/.well-known/openid-configuration").await.expect(200);
    assert!(found.header("content-type").starts_with("application/json"));
    let document = found.json();
    assert_eq!(document["issuer"], issuer);
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        let address = document[name].as_str().unwrap_or_default();
        assert!(address.starts_with(&format!("{issuer}/")) && !address.contains('#'), "{name}: {address}");
    }
    let holds = |name: &str, value: &str| {
        let list = document[name].as_array().unwrap_or_else(|| panic!("{name} is no list"));
        assert!(list.contains(&json!(value)), "{name}: {value}");
    };
    holds("response_types_supported", "code");
    holds("response_modes_supported", "form_post");
    holds("subject_types_supported", "public");
    holds("id_token_signing_alg_values_supported", "RS256");
    holds("scopes_supported", "openid");
    holds("grant_types_supported", "authorization_code");
    holds("token_endpoint_auth_methods_supported", "client_secret_basic");
    holds("claims_supported", "sub");
    assert_eq!(document["claims_parameter_supported"], true);
    assert_eq!(document["request_parameter_supported"], false);
    assert_eq!(document["request_uri_parameter_supported"], false, "left out it would mean true");
    let members = document.as_object().expect("an object");
    assert!(members.values().all(|value| !value.is_null()), "{document}");
}

#[tokio::test]
async fn oidcc_jwks_has_a_key_for_each_algorithm_and_no_private_part() {
    let server = TestServer::start(&[]).await;
    let set = server.get("/oauth2/jwks").await.expect(200).json();
    let keys = set["keys"].as_array().expect("keys");
    for (algorithm, kind) in [("RS256", "RSA"), ("ES256", "EC"), ("EdDSA", "OKP")] {
        assert!(keys.iter().any(|key| key["alg"] == algorithm && key["kty"] == kind), "{algorithm}: {set}");
    }
    let mut ids: Vec<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), keys.len(), "each has an id of its own");
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        assert!(keys.iter().all(|key| key.get(name).is_none()), "{name}");
    }
}
