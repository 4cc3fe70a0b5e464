//! Answers that may not tell one reason from another, and doors that a dead token opens nowhere.

use std::time::Duration;

use postern::services::accounts::{Doer, NewBan};
use postern::services::clients::SigningAlgorithm;
use reqwest::Method;
use serde_json::json;

use crate::support::jws::OwnKey;
use crate::support::relying_party::payload;
use crate::support::{Answer, App, CLIENT_SECRET, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid offline_access")];

#[tokio::test]
async fn sec_066_a_known_and_an_unknown_client_are_refused_alike_wherever_they_call() {
    each(&[], async |server| {
        let form = [("token", "x"), ("grant_type", "client_credentials"), ("scope", "openid")];
        for path in
            ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect", "/oauth2/par", "/oauth2/device_authorization"]
        {
            let basic = async |id: &str, secret: &str| {
                let request = server.request(Method::POST, path).basic_auth(id, Some(secret));
                server.send(request.form(&form)).await
            };
            let posted = async |id: &str, secret: &str| {
                let shown = [("client_id", id), ("client_secret", secret)];
                server.send(server.request(Method::POST, path).form(&[&form[..], &shown].concat())).await
            };
            let unknown = basic("nobody", "wrong").await.expect(401);
            assert_eq!(unknown.text("error"), "invalid_client", "{path}");
            assert!(unknown.header("www-authenticate").starts_with("Basic "), "{path}: {unknown:?}");
            for answer in [
                basic("chat", "wrong").await,
                basic("machine", "").await,
                // A secret proves no public client, and another method is not its own.
                basic("spa", CLIENT_SECRET).await,
                basic("poster", CLIENT_SECRET).await,
                basic("signer", CLIENT_SECRET).await,
                posted("nobody", "wrong").await,
                posted("app", CLIENT_SECRET).await,
                posted("poster", "wrong").await,
            ] {
                assert_eq!(answer.comparable(), unknown.comparable(), "{path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn sec_084_sec_067_whoever_proves_nothing_learns_nothing_of_a_token() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let (_, tokens) = App::at(server, "app").sign_in(ADA, &[]).await;
        let form = [("token", tokens.access.as_str())];
        let ask = async |shown: &[(&str, &str)]| {
            server.send(server.request(Method::POST, "/oauth2/introspect").form(&[&form[..], shown].concat())).await
        };
        let nobody = ask(&[]).await.expect(401);
        assert_eq!(nobody.text("error"), "invalid_client");
        for id in ["chat", "opaque", "nobody"] {
            assert_eq!(ask(&[("client_id", id)]).await.comparable(), nobody.comparable(), "{id}");
        }
        for public in ["spa", "native", "tv"] {
            assert_eq!(ask(&[("client_id", public)]).await.expect(401).text("error"), "invalid_client", "{public}");
        }
        // Nor is a secret left out by whoever has one, and nobody gives a token up for another.
        let revoke = server.request(Method::POST, "/oauth2/revoke").form(&[form[0], ("client_id", "app")]);
        assert_eq!(server.send(revoke).await.expect(401).text("error"), "invalid_client");
        let revoke = server.request(Method::POST, "/oauth2/revoke").form(&[form[0], ("client_id", "spa")]);
        server.send(revoke).await.expect(200);
        assert!(server.is_active(&tokens.access).await);
    })
    .await;
}

#[tokio::test]
async fn sec_082_a_clients_token_that_opens_nothing_looks_like_any_other() {
    each(&[], async |server| {
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let (app, opaque) = (App::at(server, "app"), App::at(server, "opaque"));
        let known = server.introspect_as("chat", "nothing").await.expect(200);
        assert_eq!(known.body, r#"{"active":false}"#);
        let (_, ended) = app.sign_in(JONAS, OFFLINE).await;
        let (_, hidden) = opaque.sign_in(JONAS, OFFLINE).await;
        let jonas = server.app.users.by_email(JONAS).await.expect("a read").expect("Jonas").id;
        server.app.accounts.ban(jonas, NewBan::default(), Doer::command()).await.expect("banned");
        let (browser, own) = opaque.sign_in(ADA, OFFLINE).await;
        let code = opaque.code(&browser, ADA, &[]).await;
        let device = App::at(server, "tv").device("openid").await.code;
        let mut dead = vec![ended.access, hidden.access, code, device];
        dead.extend([ended.refresh, hidden.refresh].map(|it| it.expect("one")));
        dead.extend([own.id.clone().expect("an ID token"), format!("{}x", own.access), "pst_at_".to_owned()]);
        let given_up = opaque.sign_in(ADA, OFFLINE).await.1;
        opaque.call("/oauth2/revoke", &[("token", &given_up.access)]).await.expect(200);
        dead.push(given_up.access);
        for token in &dead {
            assert_eq!(server.introspect_as("chat", token).await.comparable(), known.comparable(), "{token}");
            assert_eq!(server.introspect_as("narrow", token).await.comparable(), known.comparable(), "{token}");
        }
        // What belongs to somebody else, and what has expired.
        assert!(server.is_active(&own.access).await);
        assert_eq!(server.introspect_as("narrow", &own.access).await.comparable(), known.comparable());
        server.pass(Duration::from_secs(15 * 60));
        assert_eq!(server.introspect_as("opaque", &own.access).await.comparable(), known.comparable());
    })
    .await;
}

#[tokio::test]
async fn sec_087_userinfo_opens_to_a_living_access_token_of_this_issuer_alone() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        for id in ["app", "opaque"] {
            let app = App::at(server, id);
            let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
            app.userinfo(&tokens.access).await.expect(200);
            let refused = async |token: &str, what: &str| {
                let answer = app.userinfo(token).await;
                assert_eq!(
                    (answer.status, answer.text("error").as_str()),
                    (401, "invalid_token"),
                    "{what}: {answer:?}"
                );
                assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{what}: {answer:?}");
            };
            if id == "app" {
                let key = OwnKey::of(server, SigningAlgorithm::Es256).await;
                let mut elsewhere = payload(&tokens.access);
                elsewhere["iss"] = json!("https://elsewhere.example");
                refused(&key.token("at+jwt", &elsewhere), "another issuer's").await;
            }
            let later = Tokens::from(&app.refresh(tokens.refresh.as_deref().expect("one")).await);
            app.call("/oauth2/revoke", &[("token", &later.access)]).await.expect(200);
            refused(&later.access, "given up").await;
            refused(later.id.as_deref().expect("an ID token"), "an ID token").await;
            refused(later.refresh.as_deref().expect("one"), "a refresh token").await;
            server.pass(Duration::from_secs(15 * 60));
            refused(&tokens.access, "expired").await;
        }
    })
    .await;
}

/// All that a session token may be shown to.
async fn doors(server: &TestServer, token: &str) -> Vec<(&'static str, Answer)> {
    let bearer = async |method: Method, path: &'static str| {
        (path, server.send(server.request(method, path).bearer_auth(token)).await)
    };
    let form = [("token", token)];
    let asked = server.request(Method::POST, "/oauth2/introspect").bearer_auth(token).form(&form);
    vec![
        bearer(Method::GET, "/api/user").await,
        bearer(Method::GET, "/oauth2/userinfo").await,
        bearer(Method::POST, "/oauth2/userinfo").await,
        ("/oauth2/introspect", server.send(asked).await),
    ]
}

#[tokio::test]
async fn sec_079_a_dead_session_token_is_refused_at_every_door() {
    each(&[], async |server| {
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let (ended, gone) = (server.sign_in(ADA).await, server.sign_in(JONAS).await);
        for token in [&ended.token, &gone.token] {
            assert!(server.is_active(token).await, "and remembered");
        }
        server.logout(&ended.token).await.expect(200);
        let jonas = server.app.users.by_email(JONAS).await.expect("a read").expect("Jonas").id;
        server.app.accounts.delete(jonas, Doer::command()).await.expect("deleted");
        let living = server.sign_in(ADA).await;
        for (what, token) in [("of a session that ended", &ended.token), ("of a person who is gone", &gone.token)] {
            for (door, answer) in doors(server, token).await {
                assert_eq!(answer.status, 401, "{what} at {door}: {answer:?}");
            }
            assert!(!server.is_active(token).await, "{what}");
        }
        // The secret was changed: what the one from before has signed is anybody's.
        let rotated = [("JWT_SECRET", "m4Xc9VtQ2wLr8KzN6sPb3HdFj7GyEa5U")];
        let node = server.another_node(&rotated).await;
        server.user(&living.token).await.expect(200);
        for (door, answer) in doors(&node, &living.token).await {
            assert_eq!(answer.status, 401, "of another secret at {door}: {answer:?}");
        }
        assert!(!node.is_active(&living.token).await);
        assert!(node.is_active(&node.sign_in(ADA).await.token).await);
        node.stop().await;
    })
    .await;
}
