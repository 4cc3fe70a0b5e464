//! Answers that their caller can show around: introspection (RFC 9701) and userinfo as JWTs.

use jsonwebtoken::{Algorithm, decode_header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::relying_party::payload;
use crate::support::{Answer, App, Browser, CLIENT_SECRET, TestServer, each};

const ADA: &str = "ada@fernwood.example";
const JWT: &str = "application/token-introspection+jwt";

async fn ask(server: &TestServer, id: &str, token: &str, accept: &str) -> Answer {
    let request = server.request(Method::POST, "/oauth2/introspect").basic_auth(id, Some(CLIENT_SECRET));
    server.send(request.header("accept", accept).form(&[("token", token)])).await
}

#[tokio::test]
async fn a_caller_gets_its_answer_signed() {
    each(&[], async |server| {
        let token = server.newcomer(ADA).await.token;
        for (id, algorithm) in [("chat", Algorithm::RS256), ("asker", Algorithm::ES256), ("curious", Algorithm::EdDSA)]
        {
            for token in [token.as_str(), "made-up"] {
                let plain = ask(server, id, token, "application/json").await.expect(200);
                assert_eq!(plain.header("content-type"), "application/json");
                let signed = ask(server, id, token, JWT).await.expect(200);
                assert_eq!((signed.header("content-type"), signed.header("cache-control")), (JWT, "no-store"));
                let header = decode_header(&signed.body).expect("a header");
                assert_eq!((header.typ.as_deref(), header.alg), (Some("token-introspection+jwt"), algorithm));
                let claims = App::at(server, id).verified(&signed.body).await;
                let expected = json!({
                    "iss": server.app.config.web.issuer(),
                    "aud": id,
                    "iat": server.app.clock.now().seconds(),
                    "token_introspection": plain.json(),
                });
                assert_eq!(claims, expected);
            }
        }
        let inactive = ask(server, "chat", "made-up", JWT).await;
        assert_eq!(payload(&inactive.body)["token_introspection"], json!({"active": false}), "SEC-082");
    })
    .await;
}

#[tokio::test]
async fn sec_075_a_signed_answer_is_no_token() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let token = server.newcomer(ADA).await.token;
    let answer = ask(&server, "chat", &token, JWT).await.expect(200).body;
    let (_, tokens) = App::at(&server, "sealed").sign_in(ADA, &[]).await;
    let person = app.userinfo(&tokens.access).await.expect(200).body;
    for jwt in [&answer, &person] {
        assert!(!server.is_active(jwt).await);
        assert_eq!(app.userinfo(jwt).await.status, 401);
        server.user(jwt).await.expect_problem(401, "unauthenticated");
    }
    let sealed = App::at(&server, "sealed");
    let browser = Browser::signed_in(&server, ADA).await;
    let hinted = sealed.request(&[("prompt", "none"), ("id_token_hint", &person)]);
    assert_eq!(sealed.answered(&sealed.follow(&browser, &hinted).await)["error"], "invalid_request");
}

#[tokio::test]
async fn an_app_gets_userinfo_signed_where_it_has_asked_for_that() {
    let server = TestServer::start(&[]).await;
    let sealed = App::at(&server, "sealed");
    server.sign_up(ADA).await;
    let (_, tokens) = sealed.sign_in(ADA, &[]).await;
    let answer = sealed.userinfo(&tokens.access).await.expect(200);
    assert_eq!((answer.header("content-type"), answer.header("access-control-allow-origin")), ("application/jwt", "*"));
    assert_eq!(decode_header(&answer.body).expect("a header").alg, Algorithm::ES256);
    let claims = sealed.verified(&answer.body).await;
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(server.app.config.web.issuer()), &json!("sealed")));
    assert_eq!((&claims["sub"], &claims["email"]), (&payload(&tokens.access)["sub"], &json!(ADA)));
    let refused = sealed.userinfo("x").await.expect(401);
    assert_eq!(refused.text("error"), "invalid_token");
    let (_, plain) = App::at(&server, "app").sign_in(ADA, &[]).await;
    let plain = sealed.userinfo(&plain.access).await.expect(200);
    assert_eq!((plain.header("content-type"), &plain.json()["iss"]), ("application/json", &Value::Null));
    let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
    for name in ["userinfo", "introspection"] {
        assert_eq!(document[format!("{name}_signing_alg_values_supported")], json!(["RS256", "ES256", "EdDSA"]));
    }
}
