//! Tokens of clients, asked about, shown and given up.

use std::time::Duration;

use serde_json::json;

use crate::support::relying_party::payload;
use crate::support::{App, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid email offline_access")];

#[tokio::test]
async fn every_kind_of_token_is_understood() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        for id in ["app", "opaque"] {
            let app = App::at(server, id);
            let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
            let refresh = tokens.refresh.expect("a refresh token");
            for token in [&tokens.access, &refresh, &tokens.access] {
                let seen = server.introspect(token).await;
                assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(id)), "{seen}");
                assert_eq!(seen["scope"], "openid email offline_access");
                assert_eq!((&seen["email"], &seen["roles"]), (&json!(ADA), &json!(["admin"])), "this caller sees all");
                assert!(seen["sub"].is_string() && seen["sid"].is_string() && seen["acr"] == "1", "{seen}");
            }
            assert_eq!(app.userinfo(&tokens.access).await.expect(200).json()["email"], ADA);
            server.pass(Duration::from_secs(15 * 60));
            assert!(!server.is_active(&tokens.access).await, "it has expired");
            assert!(server.is_active(&refresh).await);
        }
    })
    .await;
}

#[tokio::test]
async fn sec_083_a_caller_learns_of_its_own_tokens_and_those_meant_for_it() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let opaque = App::at(&server, "opaque");
    let (_, own) = opaque.sign_in(ADA, &[]).await;
    let (_, foreign) = App::at(&server, "app").sign_in(ADA, &[]).await;
    let seen = server.introspect_as("opaque", &own.access).await.expect(200).json();
    assert_eq!((&seen["active"], &seen["email"]), (&json!(true), &json!(ADA)));
    assert!(seen.get("roles").is_none(), "its scope does not open them: {seen}");
    for token in [&foreign.access, own.id.as_ref().expect("an ID token")] {
        assert_eq!(server.introspect_as("opaque", token).await.expect(200).body, r#"{"active":false}"#);
    }
    assert_eq!(server.introspect_as("narrow", &own.access).await.expect(200).body, r#"{"active":false}"#);
    assert_eq!(server.introspect_as("app", &own.access).await.status, 401, "it has no right to ask");
}

#[tokio::test]
async fn sec_075_sec_077_sec_087_no_kind_of_token_is_taken_for_another() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let session = server.newcomer(ADA).await;
    let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
    let id = tokens.id.expect("an ID token");
    for token in [&id, &session.token, tokens.refresh.as_ref().expect("one"), &"x".to_owned()] {
        let answer = app.userinfo(token).await;
        assert_eq!(answer.status, 401, "{token}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{answer:?}");
    }
    assert!(!server.is_active(&id).await, "an ID token is for its client alone");
    for token in [&tokens.access, &id] {
        server.user(token).await.expect_problem(401, "unauthenticated");
    }
    let bare = server.get("/oauth2/userinfo").await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, "Bearer realm=\"postern\""));
    let (_, other) = app.sign_in(ADA, &[("scope", "email")]).await;
    assert!(other.id.is_none(), "without openid there is no ID token");
    assert_eq!(app.userinfo(&other.access).await.status, 403);
    // For another resource alone it does not open ours.
    let (_, foreign) = app.sign_in(ADA, &[("scope", "email"), ("resource", "https://api.example/")]).await;
    assert_eq!(payload(&foreign.access)["aud"], "https://api.example/");
    assert_eq!(app.userinfo(&foreign.access).await.status, 401);
}

#[tokio::test]
async fn sec_086_a_client_gives_up_its_own_tokens_only() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        for id in ["app", "opaque"] {
            let app = App::at(server, id);
            let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
            let refresh = tokens.refresh.clone().expect("a refresh token");
            let newer = Tokens::from(&app.refresh(&refresh).await);
            let revoke = async |app: &App, token: &str| {
                let answer = app.call("/oauth2/revoke", &[("token", token)]).await.expect(200);
                assert!(answer.body.is_empty() && answer.header("content-type").is_empty(), "{answer:?}");
            };
            let lax = App::at(server, "lax");
            for token in [&tokens.access, &refresh] {
                revoke(&lax, token).await;
                assert!(server.is_active(&tokens.access).await, "another client's stays");
            }
            revoke(&app, "nothing").await;
            revoke(&app, &tokens.access).await;
            assert!(!server.is_active(&tokens.access).await);
            assert!(server.is_active(&newer.access).await, "one access token, not its fellows");
            revoke(&app, &refresh).await;
            assert!(!server.is_active(&newer.access).await, "a refresh token takes all along");
            assert_eq!(app.refresh(&refresh).await.text("error"), "invalid_grant");
        }
        let missing = App::at(server, "app").call("/oauth2/revoke", &[]).await;
        assert_eq!((missing.status, missing.text("error").as_str()), (400, "invalid_request"));
    })
    .await;
}

#[tokio::test]
async fn sec_146_who_gives_a_token_up_again_and_again_fills_nothing() {
    use entity::audit_event::{Column, Entity};
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    each(&[], async |server| {
        server.sign_up(ADA).await;
        for (number, id) in ["app", "opaque"].into_iter().enumerate() {
            let app = App::at(server, id);
            let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
            for _ in 0..3 {
                app.call("/oauth2/revoke", &[("token", &tokens.access)]).await.expect(200);
                let told =
                    Entity::find().filter(Column::Kind.eq("token.revoked")).all(server.app.database.read()).await;
                assert_eq!(told.expect("the audit").len(), number + 1, "{id}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_machine_works_on_its_own_authority() {
    let server = TestServer::start(&[]).await;
    let machine = App::at(&server, "machine");
    let answer = machine.token(&[("grant_type", "client_credentials"), ("scope", "reports")]).await;
    let tokens = Tokens::from(&answer);
    assert!(tokens.refresh.is_none() && tokens.id.is_none());
    let seen = server.introspect(&tokens.access).await;
    assert_eq!((&seen["sub"], &seen["scope"]), (&json!("machine"), &json!("reports")), "{seen}");
    assert!(seen.get("email").is_none() && seen.get("sid").is_none());
    assert_eq!(machine.userinfo(&tokens.access).await.status, 403);
    machine.call("/oauth2/revoke", &[("token", &tokens.access)]).await.expect(200);
    assert!(!server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn sec_130_any_page_may_ask_userinfo_with_a_token() {
    let server = TestServer::start(&[("POSTERN_URL", "http://localhost:3081/auth")]).await;
    let preflight = async |path: &str| {
        let request = server.request(reqwest::Method::OPTIONS, path).header("origin", "https://spa.example");
        let request = request.header("access-control-request-method", "GET");
        server.send(request.header("access-control-request-headers", "authorization")).await
    };
    let asked = preflight("/oauth2/userinfo").await.expect(204);
    assert_eq!(asked.header("access-control-allow-origin"), "*");
    assert!(asked.header("access-control-allow-headers").contains("Authorization"));
    assert_eq!(asked.header("access-control-allow-credentials"), "");
    let refused = server.get("/oauth2/userinfo").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), "*", "the app's page may read why");
    for path in ["/oauth2/introspect", "/oauth2/token", "/oauth2/authorize", "/api/user", "/login"] {
        let answer = preflight(path).await;
        assert!(answer.status == 405 && answer.header("access-control-allow-origin").is_empty(), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn sec_030_a_new_role_and_a_deletion_show_at_once() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (_, tokens) = app.sign_in(ADA, &[("scope", "openid profile roles")]).await;
    assert_eq!(server.introspect(&tokens.access).await["roles"], json!(["admin"]));
    let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
    let doer = postern::services::accounts::Doer::command;
    let roles = Some(entity::Names::new(["editor"]));
    server.app.accounts.set_roles(user.id, roles, None, doer()).await.expect("changed");
    assert_eq!(server.introspect(&tokens.access).await["roles"], json!(["editor"]));
    server.app.accounts.delete(user.id, doer()).await.expect("deleted");
    assert!(!server.is_active(&tokens.access).await);
}

#[tokio::test]
async fn an_audience_is_a_text_or_several_in_a_list() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let issuer = server.app.config.web.issuer();
    let (api, files) = ("https://api.example/", "https://files.example/");
    let app = App::at(&server, "app");
    for (scope, resource, expected) in [
        ("openid", "", json!(issuer)),
        ("openid", api, json!([api, issuer])),
        ("email", files, json!(files)),
        ("email offline_access", "", json!(issuer)),
    ] {
        let (_, tokens) = app.sign_in(ADA, &[("scope", scope), ("resource", resource)]).await;
        let seen = server.introspect(&tokens.access).await;
        assert_eq!(seen["aud"], expected, "{scope} {resource}");
        assert_eq!(payload(&tokens.access)["aud"], expected, "as the token itself says");
        let request = server.request(reqwest::Method::POST, "/oauth2/introspect");
        let request = request.basic_auth("chat", Some(crate::support::CLIENT_SECRET));
        let request = request.header("accept", "application/token-introspection+jwt");
        let signed = server.send(request.form(&[("token", &tokens.access)])).await.expect(200);
        assert_eq!(payload(&signed.body)["token_introspection"], seen, "RFC 9701");
        if let Some(refresh) = &tokens.refresh {
            assert!(server.introspect(refresh).await.get("aud").is_none());
        }
    }
}
