//! What is taken for a document about a client, and what is not.

use entity::ClientId;
use serde_json::{Value, json};

use super::client::{Client, Origin};
use super::document::{is_address, read};
use super::unvouched::GRANTS;
use super::{AuthMethod, GrantType};

const ID: &str = "https://app.example/client.json";

fn read_as(id: &str, document: &Value) -> Result<Client, String> {
    read(&ClientId::new(id), document.to_string().as_bytes(), &[])
}

/// A good document with members replaced, or taken away by null.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut document = json!({"client_id": ID, "client_name": "An app", "redirect_uris": ["https://app.example/cb"]});
    for (name, value) in changes {
        document[*name] = value.clone();
    }
    document.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    document
}

#[test]
fn people_read_the_host_with_its_port_and_ids_go_by_the_host_alone() {
    for (id, place) in [(ID, "app.example"), ("https://app.example:8443/client.json", "app.example:8443")] {
        let client = read_as(id, &with(&[("client_id", json!(id))])).expect("a document");
        assert_eq!((client.host().as_deref(), client.sector().as_deref()), (Some(place), Some("app.example")));
    }
}

#[test]
fn an_address_with_a_path_names_a_document() {
    for good in [
        ID,
        "https://app.example/",
        "https://app.example:8443/a/b",
        "https://app.example/a?b=c",
        "https://127.0.0.1/a",
        "https://app.example/a..b",
    ] {
        assert!(is_address(good), "{good}");
    }
    for bad in [
        "",
        "app",
        "http://app.example/a",
        "HTTPS://app.example/a",
        "https://app.example",
        "https://app.example?a/b",
        "https:///a",
        "https:app.example/a",
        "https://ada@app.example/a",
        "https://ada:x@app.example/a",
        "https://app.example/a#b",
        "https://app.example/a/../b",
        "https://app.example/./b",
        "https://app.example/%2e%2e/b",
        "https://app.example\\a/b",
        "https://app.example/a b",
        "https://äpp.example/a",
        "https://0x7f.1/a",
        &format!("https://app.example/{}", "a".repeat(255)),
    ] {
        assert!(!is_address(bad), "{bad}");
    }
}

#[test]
fn a_document_describes_a_public_client_or_one_with_keys() {
    let client = read_as(ID, &with(&[])).expect("a client");
    assert!(client.is_public() && client.require_pkce && client.origin == Origin::Document);
    assert_eq!((client.name(), client.grant_types.as_slice()), ("An app", GRANTS.as_slice()));
    let offered = ["authorization_code", GrantType::DeviceCode.name(), "urn:other"];
    let more = with(&[
        ("grant_types", json!(offered)),
        ("response_types", json!(["code", "code id_token"])),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("jwks_uri", json!("https://app.example/keys")),
        ("application_type", json!("native")),
        ("logo_uri", json!("")),
        ("default_max_age", json!(60)),
    ]);
    let client = read_as(ID, &more).expect("a client");
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!((client.token_endpoint_auth_method, client.default_max_age), (AuthMethod::PrivateKeyJwt, Some(60)));
}

#[test]
fn sec_047_sec_065_what_a_document_may_not_say() {
    let secret = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]});
    for bad in [
        &[("client_id", json!("https://app.example/other.json"))][..],
        &[("client_id", json!("https://app.example/client.json/"))],
        &[("client_id", json!([ID]))],
        &[("client_id", Value::Null)],
        &[("client_secret", json!("hidden"))],
        &[("client_secret_expires_at", json!(0))],
        &[("token_endpoint_auth_method", json!("client_secret_basic"))],
        &[("token_endpoint_auth_method", json!("client_secret_post"))],
        &[("token_endpoint_auth_method", json!("client_secret_jwt"))],
        &[("token_endpoint_auth_method", json!("private_key_jwt"))],
        &[("token_endpoint_auth_method", json!("private_key_jwt")), ("jwks", secret)],
        &[("redirect_uris", Value::Null)],
        &[("redirect_uris", json!([]))],
        &[("redirect_uris", json!("https://app.example/cb"))],
        &[("redirect_uris", json!([7]))],
        &[("redirect_uris", json!(["javascript:alert(1)"]))],
        &[("redirect_uris", json!(["data:text/html,x"]))],
        &[("redirect_uris", json!(["http://app.example/cb"]))],
        &[("redirect_uris", json!(["https://app.example/*"]))],
        &[("redirect_uris", json!(["https://app.example/cb#x"]))],
        &[("redirect_uris", json!(["https://ada@app.example/cb"]))],
        &[("grant_types", json!("authorization_code"))],
        &[("grant_types", json!([7]))],
        &[("response_types", json!(["code"])), ("grant_types", json!(["refresh_token"]))],
        &[("client_name", json!("a".repeat(101)))],
        &[("client_name", json!("gro\u{202e}kcab"))],
        &[("client_name", json!("two\nlines"))],
        &[("scope", json!(["openid"]))],
        &[("jwks_uri", json!("file:///etc/passwd"))],
        &[("subject_type", json!("pairwise")), ("redirect_uris", json!(["com.example.app:/cb"]))],
        &[("default_max_age", json!("soon"))],
    ] {
        let problem = read_as(ID, &with(bad)).expect_err("no document");
        assert!(!problem.contains("hidden"), "{problem}");
    }
}

#[test]
fn sec_078_a_document_with_two_readings_or_none_is_refused() {
    let good = with(&[]).to_string();
    let deep = format!("{{\"x\":{}1{},{}", "[".repeat(2000), "]".repeat(2000), &good[1..]);
    let twice = format!("{{\"client_id\":\"https://app.example/client.json\",{}", &good[1..]);
    for bad in ["", "null", "[]", "<html>", &deep, &twice, &good[1..], &format!("{good}{good}")] {
        assert!(read(&ClientId::new(ID), bad.as_bytes(), &[]).is_err(), "{bad}");
    }
    assert!(read(&ClientId::new(ID), b"{\"client_id\":\"\xff\"}", &[]).is_err());
}
