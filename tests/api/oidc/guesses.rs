//! Strangers who guess at clients: counted, and never in the way of those who know (SEC-124).

use std::time::Duration;

use entity::ClientId;
use postern::services::audit::Actor;
use postern::services::clients::{GrantType, Metadata};
use reqwest::Method;

use crate::support::{Answer, CLIENT_SECRET, TestServer, each};

/// The tests' own machine is the trusted proxy.
const BEHIND: &[(&str, &str)] = &[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")];

async fn show(server: &TestServer, from: &str, path: &str, id: &str, secret: &str) -> Answer {
    let request = server.request(Method::POST, path).header("x-forwarded-for", from).basic_auth(id, Some(secret));
    server.send(request.form(&[("token", "x"), ("grant_type", "client_credentials"), ("scope", "reports")])).await
}

#[track_caller]
fn is_too_many(answer: &Answer, wait: &str) {
    assert_eq!((answer.status, answer.text("error").as_str()), (429, "temporarily_unavailable"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), wait);
}

#[tokio::test]
async fn sec_124_wrong_secrets_of_one_network_are_counted_wherever_they_are_tried() {
    each(BEHIND, async |server| {
        let paths = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/par"];
        let ids = ["chat", "nobody", "app", "machine", "spa"];
        for number in 0..60 {
            let answer = show(server, "192.0.2.1", paths[number % 4], ids[number % 5], "wrong").await;
            assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{number}");
        }
        server.pass(Duration::from_secs(20));
        for (number, path) in paths.into_iter().enumerate() {
            is_too_many(&show(server, "192.0.2.1", path, ids[number], "wrong").await, "40");
        }
        // Known clients go on working from there, and strangers elsewhere are told what they always were.
        show(server, "192.0.2.1", "/oauth2/introspect", "chat", CLIENT_SECRET).await.expect(200);
        show(server, "192.0.2.1", "/oauth2/token", "machine", CLIENT_SECRET).await.expect(200);
        assert_eq!(show(server, "192.0.2.2", "/oauth2/token", "chat", "wrong").await.status, 401);
        server.pass(Duration::from_secs(40));
        assert_eq!(show(server, "192.0.2.1", "/oauth2/token", "chat", "wrong").await.status, 401);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_124_as_many_pass_at_once_as_one_after_the_other() {
    let server = TestServer::start(BEHIND).await;
    let tries: Vec<_> = (0..200)
        .map(|number| {
            let site = server.site.clone();
            tokio::spawn(async move {
                let request = site.request(Method::POST, "/oauth2/token").basic_auth("chat", Some(format!("{number}")));
                site.send(request.form(&[("grant_type", "client_credentials")])).await.status
            })
        })
        .collect();
    let mut answers = Vec::new();
    for one in tries {
        answers.push(one.await.expect("an answer"));
    }
    let of = |status| answers.iter().filter(|it| **it == status).count();
    assert_eq!((of(401), of(429)), (60, 140));
}

#[tokio::test]
async fn sec_124_sec_125_a_crowd_that_guesses_at_one_client_keeps_nobody_out() {
    let server = TestServer::start(BEHIND).await;
    for number in 0..600 {
        let from = format!("198.51.100.{}", number / 50);
        assert_eq!(show(&server, &from, "/oauth2/token", "machine", "wrong").await.status, 401, "{number}");
    }
    is_too_many(&show(&server, "203.0.113.1", "/oauth2/token", "machine", "wrong").await, "60");
    assert_eq!(show(&server, "203.0.113.1", "/oauth2/token", "asker", "wrong").await.status, 401);
    for from in ["198.51.100.1", "203.0.113.1"] {
        show(&server, from, "/oauth2/token", "machine", CLIENT_SECRET).await.expect(200);
    }
}

/// A change of a client, its secret's above all, has it read again: not for the neighbours to hinder.
#[tokio::test]
async fn sec_124_sec_125_a_client_whose_secret_is_rotated_goes_on_beside_a_guesser() {
    each(BEHIND, async |server| {
        let id = ClientId::new("turning");
        let metadata = Metadata {
            grant_types: vec![GrantType::ClientCredentials],
            scope: Some("reports".parse().expect("a scope")),
            ..Metadata::default()
        };
        let added = server.app.clients.add(id.clone(), metadata, Actor::Command).await.expect("added");
        let first = added.secret.expect("a secret");
        let ask = async |secret: &str| show(server, "192.0.2.1", "/oauth2/token", "turning", secret).await;
        ask(first.expose()).await.expect(200);
        for _ in 0..60 {
            assert_eq!(show(server, "192.0.2.1", "/oauth2/token", "nobody", "wrong").await.status, 401);
        }
        let hour = Duration::from_secs(3600);
        let second = server.app.clients.rotate_secret(&id, hour, Actor::Command).await.expect("rotated");
        is_too_many(&ask("wrong").await, "60");
        for secret in [&first, &second] {
            ask(secret.expose()).await.expect(200);
        }
        server.app.clients.rotate_secret(&id, Duration::ZERO, Actor::Command).await.expect("rotated");
        for secret in [&first, &second] {
            is_too_many(&ask(secret.expose()).await, "60");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_124_who_shows_nothing_that_could_be_right_is_not_counted() {
    let server = TestServer::start(&[]).await;
    for _ in 0..100 {
        let request = server.request(Method::POST, "/oauth2/introspect").form(&[("token", "x")]);
        assert_eq!(server.send(request).await.status, 401);
        let request = server.request(Method::POST, "/oauth2/introspect").header("authorization", "Basic ?");
        assert_eq!(server.send(request.form(&[("token", "x")])).await.status, 401);
    }
    assert_eq!(show(&server, "192.0.2.1", "/oauth2/token", "chat", "wrong").await.status, 401);
}
