//! Clients that sign who they are (RFC 7523).

use std::time::Duration;

use postern::services::clients::{ASSERTION_TYPE, SigningAlgorithm};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::database::{OnServer, postgres};
use crate::support::more_apps::{KEYS, asserted, claims};
use crate::support::patience::until;
use crate::support::severed::Way;
use crate::support::{Answer, App, CLIENT_SECRET, TestServer, each};

pub(super) const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials"), ("scope", "reports")];
pub(super) const TOKEN: &str = "/oauth2/token";

pub(super) fn issuer(server: &TestServer) -> &str {
    server.app.config.web.issuer()
}

pub(super) fn now(server: &TestServer) -> i64 {
    server.app.clock.now().seconds()
}

/// What `signer` says of itself now, with members replaced, or taken away by null.
pub(super) fn says(server: &TestServer, changes: &[(&str, Value)]) -> Value {
    let jti = hex::encode(server.app.random.bytes::<8>());
    let mut claims = claims("signer", issuer(server), now(server), &jti);
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

pub(super) async fn ask(server: &TestServer, assertion: &str) -> Answer {
    server.assert(TOKEN, assertion, GRANT).await
}

#[track_caller]
pub(super) fn is_refused(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.text("error").as_str()), (401, "invalid_client"), "{what}: {answer:?}");
    assert!(answer.header("www-authenticate").starts_with("Basic"), "{what}: {answer:?}");
}

#[tokio::test]
async fn sec_068_a_client_signs_who_it_is_by_any_key_of_its_set() {
    each(&[("POSTERN_URL", "http://localhost:3081/auth")], async |server| {
        let token = format!("{}{TOKEN}", issuer(server));
        for (alg, (kid, key)) in ["RS256", "PS256", "ES256", "EdDSA"].into_iter().zip([0, 0, 1, 2].map(|at| &KEYS[at]))
        {
            for header in [json!({"alg": alg}), json!({"alg": alg, "kid": kid, "typ": "JWT"})] {
                for audience in [json!(issuer(server)), json!(token), json!(["https://other.example", token])] {
                    let claims = says(server, &[("aud", audience)]);
                    let answer = ask(server, &key.sign(&header, claims.to_string().as_bytes())).await;
                    assert_eq!(answer.status, 200, "{header} {claims}: {answer:?}");
                }
            }
        }
        // Times may lack where they may, and clocks differ a little.
        let at = |seconds: i64| json!(now(server) + seconds);
        for changes in [
            [("iat", json!(null)), ("exp", at(300))],
            [("iat", at(20)), ("nbf", at(20))],
            [("iat", at(-300)), ("exp", at(1))],
        ] {
            ask(server, &asserted(&says(server, &changes))).await.expect(200);
        }
        let named = [GRANT, &[("client_id", "signer")]].concat();
        let access = server.assert(TOKEN, &asserted(&says(server, &[])), &named).await.expect(200).text("access_token");

        let form = [("token", access.as_str())];
        let seen = server.assert("/oauth2/introspect", &asserted(&says(server, &[])), &form).await.expect(200);
        assert_eq!((&seen.json()["active"], &seen.json()["sub"]), (&json!(true), &json!("signer")));
        server.assert("/oauth2/revoke", &asserted(&says(server, &[])), &form).await.expect(200);
        assert!(!server.is_active(&access).await);
        let push = [
            ("response_type", "code"),
            ("redirect_uri", "https://signer.example/cb"),
            ("scope", "reports openid"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let par = format!("{}/oauth2/par", issuer(server));
        for audience in [issuer(server), &par] {
            let assertion = asserted(&says(server, &[("aud", json!(audience))]));
            let answer = server.assert("/oauth2/par", &assertion, &push).await;
            assert_eq!(
                (answer.status, answer.text("error").as_str()),
                (400, "invalid_scope"),
                "it is known: {answer:?}"
            );
        }
        is_refused(&ask(server, &asserted(&says(server, &[("aud", json!(par))]))).await, "that of another endpoint");
    })
    .await;
}

#[tokio::test]
async fn sec_075_no_token_of_ours_is_an_assertion() {
    let server = TestServer::start(&[]).await;
    let session = server.newcomer("ada@fernwood.example").await;
    let (_, tokens) = App::at(&server, "app").sign_in("ada@fernwood.example", &[]).await;
    let forged = server.app.keys.sign(SigningAlgorithm::Es256, "JWT", &says(&server, &[])).await.expect("signed");
    for token in [&session.token, &tokens.access, tokens.id.as_ref().expect("an ID token"), &forged] {
        is_refused(&ask(&server, token).await, token);
    }
    // And no assertion is a token.
    let assertion = asserted(&says(&server, &[]));
    assert!(!server.is_active(&assertion).await);
    assert_eq!(App::at(&server, "app").userinfo(&assertion).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_068_an_assertion_opens_once_on_two_nodes_at_once() {
    each(&[], async |one| {
        let two = one.another_node(&[]).await;
        for _ in 0..5 {
            let assertion = asserted(&says(one, &[]));
            let tries: Vec<_> = (0..8)
                .map(|number| {
                    let site = if number % 2 == 0 { one.site.clone() } else { two.site.clone() };
                    let assertion = assertion.clone();
                    tokio::spawn(async move { site.assert(TOKEN, &assertion, GRANT).await })
                })
                .collect();
            let mut let_in = 0;
            for answer in tries {
                let answer = answer.await.expect("an answer");
                let_in += u32::from(answer.status == 200);
                assert!(answer.status == 200 || answer.text("error_description").contains("jti"), "{answer:?}");
            }
            assert_eq!(let_in, 1);
        }
        two.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_068_where_nobody_can_tell_whether_it_was_used_it_opens_nothing() {
    let Some(address) = postgres() else { return };
    let database = OnServer::create(&address).await;
    let mut way = Way::to(database.socket()).await;
    let address = database.url_through(way.port);
    let server = TestServer::over(database, &[("POSTERN_DATABASE_URL", &address)]).await;
    ask(&server, &asserted(&says(&server, &[]))).await.expect(200);
    let kept = asserted(&says(&server, &[]));
    way.cut().await;
    let answer = ask(&server, &kept).await.expect(503);
    assert_eq!(answer.text("error"), "temporarily_unavailable");
    way.mend().await;
    until(Duration::from_secs(20), "it opens once more", async || ask(&server, &kept).await.status == 200).await;
    server.remove().await;
}

#[tokio::test]
async fn sec_066_sec_067_one_proof_is_enough_and_must_be_the_clients_own() {
    let server = TestServer::start(&[]).await;
    let fresh = || asserted(&says(&server, &[]));
    let send = async |basic: Option<&str>, fields: &[(&str, &str)]| {
        let request = server.request(Method::POST, TOKEN);
        let request = basic.into_iter().fold(request, |request, id| request.basic_auth(id, Some(CLIENT_SECRET)));
        let answer = server.send(request.form(&[GRANT, fields].concat())).await;
        (answer.status, answer.text("error"))
    };
    let kind = ("client_assertion_type", ASSERTION_TYPE);
    let malformed = (400, "invalid_request".to_owned());
    let unproven = (401, "invalid_client".to_owned());
    let it = fresh();
    let assertion = ("client_assertion", it.as_str());
    for id in ["signer", "machine"] {
        assert_eq!(send(Some(id), &[kind, assertion]).await, malformed, "{id}");
    }
    assert_eq!(
        send(None, &[kind, assertion, ("client_id", "signer"), ("client_secret", CLIENT_SECRET)]).await,
        malformed
    );
    assert_eq!(send(None, &[kind, assertion, assertion]).await, malformed);
    assert_eq!(send(None, &[assertion]).await, malformed);
    assert_eq!(send(None, &[kind, ("client_id", "signer")]).await, malformed);
    assert_eq!(send(None, &[("client_assertion_type", "urn:other"), assertion]).await, unproven);
    ask(&server, &it).await.expect(200);
    assert_eq!(send(Some("signer"), &[]).await, unproven, "it has no secret");
    assert_eq!(send(None, &[("client_id", "signer")]).await, unproven, "it is not public");
    let remote = claims("remote", issuer(&server), now(&server), "1");
    is_refused(&ask(&server, &asserted(&remote)).await, "its keys are elsewhere, and cannot be read");
}

#[tokio::test]
async fn what_clients_may_prove_themselves_by_is_announced() {
    let server = TestServer::start(&[]).await;
    let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
    let secrets = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let endpoints = [("token", "none"), ("revocation", "none"), ("introspection", "Bearer")];
    for (endpoint, other) in endpoints {
        let methods = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
        assert_eq!(methods, &json!([secrets[0], secrets[1], secrets[2], other]), "{endpoint}");
        let algorithms = &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert_eq!(algorithms, &json!(["RS256", "PS256", "ES256", "EdDSA"]), "{endpoint}");
    }
}
