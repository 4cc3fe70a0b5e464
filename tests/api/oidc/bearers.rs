//! Clients that ask about tokens with a token of their own.

use std::time::Duration;

use postern::services::clients::ASSERTION_TYPE;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, App, CLIENT_SECRET, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const PATH: &str = "/oauth2/introspect";

async fn own_token(server: &TestServer, id: &'static str, scope: &str) -> Answer {
    App::at(server, id).token(&[("grant_type", "client_credentials"), ("scope", scope)]).await
}

async fn ask(server: &TestServer, bearer: &str, fields: &[(&str, &str)]) -> Answer {
    server.send(server.request(Method::POST, PATH).bearer_auth(bearer).form(fields)).await
}

#[tokio::test]
async fn sec_085_a_token_with_the_scope_introspect_stands_for_its_client() {
    each(&[], async |server| {
        let session = server.newcomer(ADA).await;
        let (_, theirs) = App::at(server, "app").sign_in(ADA, &[]).await;
        let all = Tokens::from(&own_token(server, "asker", "introspect").await).access;
        let own = Tokens::from(&own_token(server, "narrow_asker", "introspect").await).access;
        for token in [&session.token, &theirs.access, &all, &own] {
            let seen = ask(server, &all, &[("token", token)]).await.expect(200).json();
            assert_eq!(seen, server.introspect(token).await, "what the client sees that way it sees this way");
            let seen = ask(server, &own, &[("token", token)]).await.expect(200).json();
            assert_eq!(seen["active"], token == &own, "SEC-083: {seen}");
        }
        ask(server, &all, &[("token", "x"), ("client_id", "asker")]).await.expect(200);
        server.pass(Duration::from_secs(15 * 60));
        assert_eq!(ask(server, &all, &[("token", "x")]).await.text("error"), "invalid_token", "it has expired");
        let again = Tokens::from(&own_token(server, "asker", "introspect").await).access;
        App::at(server, "asker").call("/oauth2/revoke", &[("token", &again)]).await.expect(200);
        assert_eq!(ask(server, &again, &[("token", "x")]).await.status, 401, "it was given up");
    })
    .await;
}

#[tokio::test]
async fn sec_085_no_other_token_stands_in_for_one() {
    let server = TestServer::start(&[]).await;
    let session = server.newcomer(ADA).await;
    assert_eq!(session.user["role"], "ADMIN");
    let asked = [("scope", "openid profile email roles offline_access introspect")];
    let (_, theirs) = App::at(&server, "app").sign_in(ADA, &asked).await;
    let reports = Tokens::from(&own_token(&server, "asker", "reports").await).access;
    let (id, refresh) = (theirs.id.expect("an ID token"), theirs.refresh.expect("a refresh token"));
    let foreign = own_token(&server, "mute", "introspect").await;
    assert_eq!((foreign.status, foreign.text("error").as_str()), (400, "invalid_scope"), "it has no right to ask");
    for token in [&session.token, &session.refresh_token, &theirs.access, &id, &refresh, &reports, &"x".to_owned()] {
        let answer = ask(&server, token, &[("token", &session.token)]).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_token"), "{token:.80}");
        let how = answer.header("www-authenticate");
        assert!(how.starts_with("Bearer") && how.contains("error=\"invalid_token\""), "{how}");
    }
    let bearer = Tokens::from(&own_token(&server, "asker", "introspect").await).access;
    for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/par"] {
        let answer = server.send(server.request(Method::POST, path).bearer_auth(&bearer).form(&[("token", "x")])).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{path}");
    }
}

#[tokio::test]
async fn sec_066_a_token_beside_another_proof_is_malformed() {
    let server = TestServer::start(&[]).await;
    let bearer = Tokens::from(&own_token(&server, "asker", "introspect").await).access;
    for more in [
        [("client_secret", CLIENT_SECRET)].as_slice(),
        &[("client_id", "asker"), ("client_secret", CLIENT_SECRET)],
        &[("client_id", "chat")],
        &[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", "a.b.c")],
    ] {
        let answer = ask(&server, &bearer, &[&[("token", "x")], more].concat()).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_request"), "{more:?}");
    }
    let twice = server.request(Method::POST, PATH).bearer_auth(&bearer).basic_auth("chat", Some(CLIENT_SECRET));
    assert_eq!(server.send(twice.form(&[("token", "x")])).await.status, 400);
    let in_address = server.request(Method::POST, &format!("{PATH}?token=x")).bearer_auth(&bearer);
    assert_eq!(server.send(in_address.form(&[("token", "x")])).await.status, 400, "SEC-084");
    let missing = ask(&server, &bearer, &[("other", "x")]).await;
    assert_eq!(
        (missing.status, missing.text("error")),
        (400, json!("invalid_request").as_str().unwrap_or("").to_owned())
    );
}
