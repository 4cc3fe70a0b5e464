//! Clients that publish their keys (RFC 7591 section 2, `jwks_uri`).

use std::time::Duration;

use serde_json::{Value, json};

use super::assertions::{GRANT, TOKEN, ask, is_refused, issuer, now};
use crate::support::jws::Key;
use crate::support::more_apps::claims;
use crate::support::publisher::Publisher;
use crate::support::{Kind, TestServer, kinds};

const KEYS: &str = "/keys";
/// For how long an address is left alone after it was read.
const PAUSE: Duration = Duration::from_secs(10);
/// For how long a set is believed.
const FRESH: Duration = Duration::from_secs(300);

/// The client `publisher`, and a second one at an address of its own.
fn declared(site: &Publisher) -> String {
    let client = |id: &str, address: &str| {
        format!(
            "[[client]]\nclient_id = \"{id}\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\nscope = \"reports\"\n\
             grant_types = [\"client_credentials\"]\njwks_uri = \"{address}\"\n"
        )
    };
    site.clients_file(&[client("publisher", &site.at(KEYS)), client("other", &site.at("/other"))].join("\n"))
}

async fn serve(site: &Publisher, kind: &Kind, networks: &str) -> TestServer {
    let settings = [
        ("POSTERN_CLIENTS_FILE", &*declared(site)),
        ("POSTERN_CA_FILE", &*site.authority()),
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", networks),
    ];
    TestServer::on(kind, &settings).await
}

/// Runs `test` against a server that may call the site, on each kind of database.
async fn each(test: impl AsyncFn(&TestServer, &Publisher)) {
    for kind in kinds() {
        let site = Publisher::start().await;
        let server = serve(&site, &kind, "127.0.0.0/8").await;
        test(&server, &site).await;
        server.remove().await;
    }
}

/// The set with these keys.
fn set(keys: &[(&str, &Key)]) -> Value {
    json!({"keys": keys.iter().map(|(kid, key)| key.jwk(kid)).collect::<Vec<_>>()})
}

/// A fresh assertion of the client `id` by `key`.
fn sign(server: &TestServer, id: &str, (kid, key): (&str, &Key)) -> String {
    let jti = hex::encode(server.app.random.bytes::<8>());
    let claims = claims(id, issuer(server), now(server), &jti);
    key.sign(&json!({"alg": "ES256", "kid": kid}), claims.to_string().as_bytes())
}

async fn opens(server: &TestServer, key: (&str, &Key)) -> bool {
    let answer = ask(server, &sign(server, "publisher", key)).await;
    if answer.status != 200 {
        is_refused(&answer, "a client whose keys are elsewhere");
        // As for a client that nobody knows: whoever guesses learns nothing (SEC-066, SEC-150).
        assert_eq!(answer.text("error_description"), "Client authentication failed.");
    }
    answer.status == 200
}

#[tokio::test]
async fn sec_068_the_keys_at_its_jwks_uri_prove_a_client_and_no_other() {
    each(async |server, site| {
        let (ours, theirs) = (Key::ec(), Key::ec());
        let with_more = json!({"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, ours.jwk("a")]});
        site.publish(KEYS, &with_more);
        site.publish("/other", &set(&[("b", &theirs)]));
        for _ in 0..3 {
            assert!(opens(server, ("a", &ours)).await);
        }
        assert_eq!(site.heard(KEYS), 1, "it is read once");
        server.pass(PAUSE);
        for stranger in [("a", &theirs), ("b", &theirs), ("b", &ours)] {
            assert!(!opens(server, stranger).await);
        }
        ask(server, &sign(server, "other", ("b", &theirs))).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_068_a_new_key_is_found_at_once_and_one_that_was_taken_out_dies() {
    each(async |server, site| {
        let (old, new) = (Key::ec(), Key::ec());
        site.publish(KEYS, &set(&[("old", &old)]));
        assert!(opens(server, ("old", &old)).await);
        server.pass(PAUSE);
        site.publish(KEYS, &set(&[("old", &old), ("new", &new)]));
        assert!(opens(server, ("new", &new)).await && opens(server, ("old", &old)).await);
        site.publish(KEYS, &set(&[("new", &new)]));
        server.pass(FRESH);
        assert!(!opens(server, ("old", &old)).await);
        assert!(opens(server, ("new", &new)).await);
        site.publish(KEYS, &set(&[]));
        server.pass(FRESH);
        assert!(!opens(server, ("new", &new)).await, "all of them are taken out");
    })
    .await;
}

#[tokio::test]
async fn sec_124_whoever_guesses_does_not_have_an_address_hammered() {
    each(async |server, site| {
        let (ours, theirs) = (Key::ec(), Key::ec());
        site.publish(KEYS, &set(&[("a", &ours)]));
        assert!(opens(server, ("a", &ours)).await);
        server.pass(PAUSE);
        for number in 0..20 {
            assert!(!opens(server, (&format!("guess {number}"), &theirs)).await);
        }
        assert_eq!(site.heard(KEYS), 2);
        assert!(opens(server, ("a", &ours)).await);
        // Nor one that shows nothing.
        for _ in 0..5 {
            is_refused(&ask(server, &sign(server, "other", ("a", &ours))).await, "there is no set");
        }
        assert_eq!(site.heard("/other"), 1);
        server.pass(PAUSE);
        site.publish("/other", &set(&[("a", &ours)]));
        ask(server, &sign(server, "other", ("a", &ours))).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_set_stands_in_while_its_address_is_away_and_not_for_ever() {
    each(async |server, site| {
        let key = Key::ec();
        site.publish(KEYS, &set(&[("a", &key)]));
        assert!(opens(server, ("a", &key)).await);
        let large = format!("{{\"keys\": [], \"x\": \"{}\"}}", "x".repeat(64 << 10));
        let away =
            [("500 No", "{}"), ("200 OK", "<html>"), ("200 OK", "{\"keys\": 7}"), ("302 X", ""), ("200 OK", &large)];
        for (status, body) in away {
            server.pass(FRESH);
            let before = site.heard(KEYS);
            site.answer_with(KEYS, status, "location: /elsewhere\r\n", body);
            assert!(opens(server, ("a", &key)).await, "{status} {body}");
            assert_eq!(site.heard(KEYS), before + 1, "it was asked for");
        }
        assert_eq!(site.heard("/elsewhere"), 0);
        server.pass(Duration::from_secs(3600) - 5 * FRESH);
        assert!(!opens(server, ("a", &key)).await);
        site.publish(KEYS, &set(&[("a", &key)]));
        server.pass(PAUSE);
        assert!(opens(server, ("a", &key)).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reading_serves_all_who_wait_and_holds_up_no_other_client() {
    each(async |server, site| {
        let key = Key::ec();
        site.publish(KEYS, &set(&[("a", &key)]));
        site.hold();
        // Whoever hangs up takes nothing from those who come after.
        let hasty = sign(server, "publisher", ("a", &key));
        let hasty = tokio::spawn({
            let site = server.site.clone();
            async move { site.assert(TOKEN, &hasty, GRANT).await }
        });
        site.hears(KEYS, 1).await;
        hasty.abort();
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let (site, assertion) = (server.site.clone(), sign(server, "publisher", ("a", &key)));
                tokio::spawn(async move { site.assert(TOKEN, &assertion, GRANT).await })
            })
            .collect();
        let own = crate::support::more_apps::asserted(&super::assertions::says(server, &[]));
        ask(server, &own).await.expect(200);
        assert_eq!(site.heard(KEYS), 1);
        site.release();
        for answer in waiting {
            answer.await.expect("an answer").expect(200);
        }
        assert_eq!(site.heard(KEYS), 1);
    })
    .await;
}

#[tokio::test]
async fn sec_126_sec_150_a_private_address_is_not_called_for_keys() {
    for kind in kinds() {
        let site = Publisher::start().await;
        let server = serve(&site, &kind, "10.0.0.0/8").await;
        let key = Key::ec();
        site.publish(KEYS, &set(&[("a", &key)]));
        assert!(!opens(&server, ("a", &key)).await);
        assert_eq!(site.heard(KEYS), 0);
        server.remove().await;
    }
}
