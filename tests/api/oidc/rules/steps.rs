//! What each rule of the Basic plan does and wants to see.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::player::{ADA, Mode, Player};
pub(super) use super::unsigned::{
    oidcc_idtoken_unsigned, oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
};
use crate::support::relying_party::{VERIFIER, payload};
use crate::support::{CLIENT_SECRET, Tokens};

pub(super) async fn oidcc_server(mode: Mode) {
    let it = Player::new(mode).await;
    let claims = it.id_token(&[]).await;
    assert_eq!(claims["iss"], it.server.app.config.web.issuer());
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("app"), &json!("a nonce")));
    assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty() && sub.len() <= 255));
    let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
    assert!(iat <= 1_800_000_000 && exp > iat);
}

pub(super) async fn oidcc_response_type_missing(mode: Mode) {
    let it = Player::new(mode).await;
    let fields = it.silently(&[("response_type", "")]).await;
    assert!(matches!(fields["error"].as_str(), "invalid_request" | "unsupported_response_type"), "{fields:?}");
    assert_eq!(fields["state"], "a state & more");
}

pub(super) async fn oidcc_idtoken_signature(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[]).await;
    let id = tokens.id.expect("an ID token");
    let header = jsonwebtoken::decode_header(&id).expect("a header");
    assert_eq!(header.alg, jsonwebtoken::Algorithm::RS256, "the default of every provider");
    assert!(header.kid.is_some());
    it.app.verified(&id).await;
}

pub(super) async fn oidcc_userinfo_get(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[]).await;
    let person = it.app.userinfo(&tokens.access).await.expect(200);
    assert!(person.header("content-type").starts_with("application/json"));
    assert_eq!(person.json()["sub"], payload(&tokens.id.expect("an ID token"))["sub"]);
}

pub(super) async fn oidcc_userinfo_post_header(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[]).await;
    let request = it.server.request(Method::POST, "/oauth2/userinfo").bearer_auth(&tokens.access);
    let person = it.server.send(request).await.expect(200).json();
    assert_eq!(person["sub"], payload(&tokens.id.expect("an ID token"))["sub"]);
}

pub(super) async fn oidcc_userinfo_post_body(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[]).await;
    let form = [("access_token", tokens.access.as_str())];
    let request = it.server.request(Method::POST, "/oauth2/userinfo").form(&form);
    let person = it.server.send(request).await.expect(200).json();
    assert_eq!(person["sub"], payload(&tokens.id.expect("an ID token"))["sub"]);
}

pub(super) async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(mode: Mode) {
    let it = Player::new(mode).await;
    assert!(it.id_token(&[("nonce", "")]).await.get("nonce").is_none());
}

pub(super) async fn oidcc_scope_profile(mode: Mode) {
    let it = Player::new(mode).await;
    let person = it.userinfo("openid profile").await;
    for (name, value) in [("name", "Maren Olsen"), ("given_name", "Maren"), ("family_name", "Olsen")] {
        assert_eq!(person[name], value);
    }
    assert!(person["preferred_username"].is_string() && person["updated_at"].is_i64(), "{person}");
    assert!(person.get("email").is_none());
}

pub(super) async fn oidcc_scope_email(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[("scope", "openid email")]).await;
    let person = it.app.userinfo(&tokens.access).await.expect(200).json();
    assert_eq!((&person["email"], &person["email_verified"]), (&json!(ADA), &json!(true)));
    assert!(person.get("name").is_none());
    assert!(payload(&tokens.id.expect("an ID token")).get("email").is_none(), "it belongs to userinfo");
}

pub(super) async fn oidcc_scope_address(mode: Mode) {
    not_offered(mode, "address").await;
}

pub(super) async fn oidcc_scope_phone(mode: Mode) {
    not_offered(mode, "phone").await;
}

/// A scope that discovery does not list is ignored, and the answer says what was granted.
async fn not_offered(mode: Mode, scope: &str) {
    let it = Player::new(mode).await;
    let document = it.server.get("/.well-known/openid-configuration").await.expect(200).json();
    let listed = document["scopes_supported"].as_array().expect("scopes");
    assert!(!listed.contains(&json!(scope)));
    let fields = it.authorize(&[("scope", &format!("openid {scope}"))]).await;
    let answer = it.app.exchange(&fields["code"]).await.expect(200);
    assert_eq!(answer.text("scope"), "openid");
}

pub(super) async fn oidcc_scope_all(mode: Mode) {
    let it = Player::new(mode).await;
    let person = it.userinfo("openid profile email address phone").await;
    assert!(person["name"].is_string() && person["email"].is_string(), "{person}");
}

pub(super) async fn oidcc_ensure_other_scope_order_succeeds(mode: Mode) {
    let it = Player::new(mode).await;
    let tokens = it.tokens(&[("scope", "email openid")]).await;
    assert!(tokens.id.is_some());
    assert_eq!(it.app.userinfo(&tokens.access).await.expect(200).json()["email"], ADA);
}

pub(super) async fn oidcc_display_page(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[("display", "page")]).await;
}

pub(super) async fn oidcc_display_popup(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[("display", "popup")]).await;
}

pub(super) async fn oidcc_prompt_login(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.id_token(&[]).await;
    it.server.pass(Duration::from_secs(2));
    let page = it.app.follow(&it.browser, &it.request(&[("prompt", "login")])).await.expect(200);
    assert!(page.body.contains("name=\"password\""), "the person is asked again");
    let second = it.id_token(&[("prompt", "login")]).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

pub(super) async fn oidcc_prompt_none_not_logged_in(mode: Mode) {
    let it = Player::new(mode).await;
    let fields = it.silently(&[("prompt", "none")]).await;
    assert!(matches!(fields["error"].as_str(), "login_required" | "interaction_required"), "{fields:?}");
}

pub(super) async fn oidcc_prompt_none_logged_in(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.id_token(&[]).await;
    let fields = it.silently(&[("prompt", "none")]).await;
    let second = payload(&Tokens::from(&it.app.exchange(&fields["code"]).await).id.expect("an ID token"));
    for same in ["sub", "auth_time"] {
        assert_eq!(first[same], second[same], "{same}");
    }
}

pub(super) async fn oidcc_max_age_1(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.id_token(&[]).await;
    it.server.pass(Duration::from_secs(2));
    let second = it.id_token(&[("max_age", "1")]).await;
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

pub(super) async fn oidcc_max_age_10000(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.id_token(&[]).await;
    it.server.pass(Duration::from_secs(2));
    let fields = it.silently(&[("max_age", "10000")]).await;
    let second = payload(&Tokens::from(&it.app.exchange(&fields["code"]).await).id.expect("an ID token"));
    assert_eq!(first["auth_time"], second["auth_time"]);
}

pub(super) async fn oidcc_ensure_request_with_unknown_parameter_succeeds(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[("extra", "foobar")]).await;
}

pub(super) async fn oidcc_id_token_hint(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.tokens(&[]).await.id.expect("an ID token");
    let fields = it.silently(&[("prompt", "none"), ("id_token_hint", &first)]).await;
    let second = payload(&Tokens::from(&it.app.exchange(&fields["code"]).await).id.expect("an ID token"));
    assert_eq!(payload(&first)["sub"], second["sub"]);
}

pub(super) async fn oidcc_login_hint(mode: Mode) {
    let it = Player::new(mode).await;
    let page = it.app.follow(&it.browser, &it.request(&[("login_hint", "ada@hint.example")])).await.expect(200);
    assert!(page.body.contains("value=\"ada@hint.example\""), "{}", page.body);
    it.id_token(&[("login_hint", "ada@hint.example")]).await;
}

pub(super) async fn oidcc_ui_locales(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[("ui_locales", "se")]).await;
}

pub(super) async fn oidcc_claims_locales(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[("claims_locales", "se")]).await;
}

pub(super) async fn oidcc_ensure_request_with_acr_values_succeeds(mode: Mode) {
    let it = Player::new(mode).await;
    let claims = it.id_token(&[("acr_values", "1 2")]).await;
    assert_eq!(claims["acr"], "1");
}

pub(super) async fn oidcc_codereuse(mode: Mode) {
    let it = Player::new(mode).await;
    let fields = it.authorize(&[]).await;
    let _ = Tokens::from(&it.app.exchange(&fields["code"]).await);
    let again = it.app.exchange(&fields["code"]).await;
    assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
}

pub(super) async fn oidcc_codereuse_30seconds(mode: Mode) {
    let it = Player::new(mode).await;
    let fields = it.authorize(&[]).await;
    let tokens = Tokens::from(&it.app.exchange(&fields["code"]).await);
    it.server.pass(Duration::from_secs(30));
    let again = it.app.exchange(&fields["code"]).await;
    assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
    assert_eq!(it.app.userinfo(&tokens.access).await.status, 401, "what the code brought is revoked");
}

pub(super) async fn oidcc_ensure_registered_redirect_uri(mode: Mode) {
    let it = Player::new(mode).await;
    let page = it.browser.open(&it.request(&[("redirect_uri", "https://app.example/cb/not-registered")])).await;
    assert_eq!((page.status, page.header("location")), (400, ""));
    assert!(page.body.contains("not registered"), "{}", page.body);
}

pub(super) async fn oidcc_ensure_post_request_succeeds(mode: Mode) {
    let it = Player::new(mode).await;
    let path = it.request(&[]);
    let (path, query) = path.split_once('?').expect("a query");
    let request = it.server.request(Method::POST, path);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(query.to_owned());
    let answer = it.server.send(request).await.expect(303);
    let next = answer.header("location").to_owned();
    let fields = it.fields(&it.app.enter(&it.browser, ADA, &next).await).await;
    let _ = Tokens::from(&it.app.exchange(&fields["code"]).await);
}

pub(super) async fn oidcc_server_client_secret_post(mode: Mode) {
    let it = Player::new(mode).await;
    let poster = crate::support::App::at(&it.server, "poster_app");
    let answer = poster.enter(&it.browser, ADA, &poster.request(&[])).await;
    let code = poster.answered(&answer)["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", poster.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
        ("client_id", poster.id),
        ("client_secret", CLIENT_SECRET),
    ];
    let request = it.server.request(Method::POST, "/oauth2/token").form(&fields);
    let _ = Tokens::from(&it.server.send(request).await);
}

pub(super) async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(mode: Mode) {
    let it = Player::new(mode).await;
    let fields = it.silently(&[("request", "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6IngifQ.")]).await;
    assert_eq!(fields["error"], "request_not_supported");
    assert_eq!(fields["state"], "a state & more");
}

pub(super) async fn oidcc_claims_essential(mode: Mode) {
    let it = Player::new(mode).await;
    let claims = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let tokens = it.tokens(&[("scope", "openid"), ("claims", claims)]).await;
    let person = it.app.userinfo(&tokens.access).await.expect(200).json();
    assert_eq!(person["name"], "Maren Olsen");
    assert!(person.get("given_name").is_none(), "only what was asked for: {person}");
}

pub(super) async fn oidcc_ensure_request_object_with_redirect_uri(mode: Mode) {
    let it = Player::new(mode).await;
    let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.";
    let fields = it.silently(&[("request", object)]).await;
    assert_eq!(fields["error"], "request_not_supported", "and it goes to the registered address");
}

pub(super) async fn oidcc_refresh_token(mode: Mode) {
    let it = Player::new(mode).await;
    let first = it.tokens(&[("scope", "openid offline_access"), ("prompt", "consent")]).await;
    let refreshed = it.app.refresh(first.refresh.as_deref().expect("a refresh token")).await;
    let second = Tokens::from(&refreshed);
    let (old, new) = (payload(&first.id.expect("an ID token")), payload(&second.id.expect("an ID token")));
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    // Another client cannot use it.
    let other = crate::support::App::at(&it.server, "lax");
    let stolen = other.refresh(second.refresh.as_deref().expect("the next one")).await;
    assert_eq!((stolen.status, stolen.text("error").as_str()), (400, "invalid_grant"));
}

pub(super) async fn oidcc_ensure_request_with_valid_pkce_succeeds(mode: Mode) {
    let it = Player::new(mode).await;
    it.id_token(&[]).await;
    let fields = it.authorize(&[("state", "again")]).await;
    let bare = [
        ("grant_type", "authorization_code"),
        ("code", fields["code"].as_str()),
        ("redirect_uri", it.app.redirect_uri.as_str()),
    ];
    assert_eq!(it.app.token(&bare).await.text("error"), "invalid_grant", "without its verifier it opens nothing");
}
