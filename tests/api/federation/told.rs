//! Providers that tell us that a session over there is over.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::gate::{Gate, each_gate};
use crate::support::jws::Key;
use crate::support::receiver::Receiver;
use crate::support::upstream::{CLIENT_ID, NOW};
use crate::support::{Answer, App, Browser, Tokens};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a good token, with `more` in them; null takes one out.
pub(super) fn claims(gate: &Gate, more: &Value) -> Value {
    let mut claims = json!({"iss": gate.upstream.issuer, "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 120, "jti": "j1",
                            "events": {(EVENT): {}}});
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

pub(super) fn header(typ: &str) -> Value {
    json!({"alg": "RS256", "kid": "first", "typ": typ})
}

pub(super) async fn tells(gate: &Gate, connector: &str, token: &str) -> Answer {
    let path = format!("/oauth2/backchannel-logout/{connector}");
    gate.send(gate.request(Method::POST, &path).form(&[("logout_token", token)])).await
}

/// A good token that says `more`.
pub(super) async fn tells_of(gate: &Gate, more: &Value) -> Answer {
    tells(gate, "openid", &gate.upstream.signed_as(&header("logout+jwt"), &claims(gate, more))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_what_came_by_the_session_over_there_ends_and_nothing_else() {
    each_gate(&[], async |gate| {
        let one = gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let two = gate.comes_in("openid", &json!({"sid": "s2"})).await;
        let google = gate.comes_in("google", &json!({"sid": "s1", "sub": "7"})).await;
        let bob = json!({"sid": "s3", "sub": "bob", "email": "bob@example.com"});
        let bob = gate.comes_in("openid", &bob).await;
        // The session of one person by the name of another is nobody's.
        tells_of(gate, &json!({"sid": "s1", "sub": "bob", "jti": "j0"})).await.expect(200);
        assert!(one.is_signed_in().await && bob.is_signed_in().await);
        let answer = tells_of(gate, &json!({"sid": "s1"})).await.expect(200);
        assert_eq!((answer.header("cache-control"), answer.body.as_str()), ("no-store", ""));
        assert!(!one.is_signed_in().await && two.is_signed_in().await && google.is_signed_in().await);
        tells_of(gate, &json!({"sub": "5f1d7a84", "jti": "j2"})).await.expect(200);
        assert!(!two.is_signed_in().await && google.is_signed_in().await && bob.is_signed_in().await);
        // Whom nobody knows any more is signed out already (section 2.7).
        tells_of(gate, &json!({"sub": "nobody", "jti": "j3"})).await.expect(200);
        tells_of(gate, &json!({"sid": "s1", "jti": "j4"})).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_a_token_counts_once_on_whichever_node() {
    each_gate(&[], async |gate| {
        let other = gate.another_node(&[]).await;
        gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let token = gate.upstream.signed_as(&header("JWT"), &claims(gate, &json!({"sub": "5f1d7a84"})));
        tells(gate, "openid", &token).await.expect(200);
        let again = gate.comes_in("openid", &json!({"sid": "s2"})).await;
        let fields = [("logout_token", token.as_str())];
        let request = other.request(Method::POST, "/oauth2/backchannel-logout/openid").form(&fields);
        assert_eq!(other.send(request).await.expect(400).text("error"), "invalid_request");
        tells(gate, "openid", &token).await.expect(400);
        assert!(again.is_signed_in().await, "what was heard is heard once");
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_whatever_is_no_fresh_logout_token_of_the_provider_ends_nothing() {
    let gate = Gate::open(&[]).await;
    let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
    let bent = [
        json!({}),
        json!({"sid": "s1", "nonce": "n"}),
        json!({"sid": "s1", "events": null}),
        json!({"sid": "s1", "events": {"http://schemas.openid.net/event/other": {}}}),
        json!({"sid": "s1", "events": {(EVENT): true}}),
        json!({"sid": "s1", "iat": NOW - 3600, "exp": null}),
        json!({"sid": "s1", "iat": NOW + 3600, "exp": NOW + 7200}),
        json!({"sid": "s1", "exp": NOW - 301}),
        json!({"sid": "s1", "iat": null}),
        json!({"sid": "s1", "aud": "other"}),
        json!({"sid": "s1", "aud": []}),
        json!({"sid": "s1", "iss": "https://evil.example"}),
        json!({"sid": "s1", "jti": null}),
        json!({"sid": "s1", "jti": ""}),
        json!({"sid": ["s1"]}),
        json!({"sid": "s1", "sub": 7}),
        json!({"sub": ""}),
    ];
    for more in bent {
        assert_eq!(tells_of(&gate, &more).await.expect(400).text("error"), "invalid_request", "{more}");
    }
    let good = claims(&gate, &json!({"sid": "s1"}));
    let forged = Key::rsa().sign(&header("logout+jwt"), good.to_string().as_bytes());
    let unsigned = gate.upstream.signed_as(&json!({"alg": "none", "typ": "logout+jwt"}), &good);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').expect("a signature").0);
    let symmetric = gate.upstream.signed_as(&json!({"alg": "HS256", "kid": "first"}), &good);
    let other = gate.upstream.signed_as(&header("at+jwt"), &good);
    for token in [forged.as_str(), &unsigned, &symmetric, &other, "", "a.b.c", "x"] {
        tells(&gate, "openid", token).await.expect(400);
    }
    // It is good, but not for whoever has another issuer; and there is no such connector.
    let token = gate.upstream.signed_as(&header("logout+jwt"), &good);
    tells(&gate, "nobody", &token).await.expect(404);
    tells(&gate, "github", &token).await.expect(400);
    gate.get("/oauth2/backchannel-logout/openid").await.expect(405);
    assert!(browser.is_signed_in().await);
    tells(&gate, "openid", &token).await.expect(200);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_by_a_new_key_is_a_reason_to_ask_for_the_keys() {
    let gate = Gate::open(&[]).await;
    let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
    gate.upstream.rotates(Key::rsa(), "second");
    let good = claims(&gate, &json!({"sid": "s1"}));
    let token = gate.upstream.signed_as(&json!({"alg": "RS256", "kid": "second"}), &good);
    tells(&gate, "openid", &token).await.expect(200);
    assert!(!browser.is_signed_in().await, "the new key was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_that_took_part_hear_of_it_in_their_turn() {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().expect("a folder"));
    let file = receiver.clients_file(folder.path());
    let gate = Gate::open(&[("POSTERN_CLIENTS_FILE", file.as_str())]).await;
    let browser: Browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
    let app = App::at(&gate, "told");
    let code = app.code(&browser, "ada@example.com", &[]).await;
    let tokens = Tokens::from(&app.exchange(&code).await);
    tells_of(&gate, &json!({"sid": "s1"})).await.expect(200);
    let heard = receiver.hears(1).await;
    let told = app.verified(heard[0].token()).await;
    let sid = crate::support::relying_party::payload(tokens.id.as_deref().expect("an ID token"))["sid"].clone();
    assert_eq!(told["sid"], sid);
}
