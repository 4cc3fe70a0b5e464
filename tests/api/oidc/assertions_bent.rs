//! Assertions that are wrong in one point each.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::assertions::{GRANT, TOKEN, ask, is_refused, issuer, now, says};
use crate::support::jws::{Key, message};
use crate::support::more_apps::{KEYS, asserted};
use crate::support::{CLIENT_SECRET, TestServer};

/// Longer than any count of failures goes on.
const LATER: Duration = Duration::from_secs(61);

#[tokio::test]
async fn sec_068_sec_076_sec_077_an_assertion_that_is_wrong_in_one_point_proves_nothing() {
    let server = TestServer::start(&[]).await;
    let (issuer, now) = (issuer(&server).to_owned(), || now(&server));
    let endpoint = |path: &str| json!(format!("{issuer}{path}"));
    let at = |seconds: i64| json!(now() + seconds);
    let names = ["iss", "sub"].map(|name| [json!(null), json!("app"), json!(""), json!(1)].map(|value| (name, value)));
    let audiences = [
        json!(null),
        json!(format!("{issuer}/")),
        json!(issuer.to_uppercase()),
        endpoint("/oauth2/introspect"),
        endpoint("/oauth2/token/"),
        json!(["https://other.example"]),
        json!([issuer, 1]),
        json!([]),
        json!({"iss": issuer}),
        json!("signer"),
    ];
    let moments = [json!("1800000060"), json!(1_800_000_060.5), json!(-1), json!(9_223_372_036_854_775_808_u64)];
    let times = ["exp", "nbf", "iat"].map(|name| moments.clone().map(|value| (name, value)));
    let ids = [json!(null), json!(""), json!(7), json!("x".repeat(256))];
    let mut wrong: Vec<(&str, Value)> = names.into_iter().flatten().chain(times.into_iter().flatten()).collect();
    wrong.extend(audiences.map(|value| ("aud", value)));
    wrong.extend(ids.map(|value| ("jti", value)));
    for change in wrong {
        server.pass(LATER);
        is_refused(
            &ask(&server, &asserted(&says(&server, std::slice::from_ref(&change)))).await,
            &format!("{change:?}"),
        );
    }
    for (name, seconds) in [("exp", 0), ("exp", -1), ("exp", 301), ("nbf", 31), ("iat", 31), ("iat", -331)] {
        server.pass(LATER);
        is_refused(
            &ask(&server, &asserted(&says(&server, &[(name, at(seconds))]))).await,
            &format!("{name} {seconds}"),
        );
    }
    is_refused(&ask(&server, &asserted(&says(&server, &[("exp", json!(null))]))).await, "no exp");
    for id in ["app", "nobody", "other_signer"] {
        let form = [GRANT, &[("client_id", id)]].concat();
        is_refused(&server.assert(TOKEN, &asserted(&says(&server, &[])), &form).await, id);
        let stolen = [("iss", json!(id)), ("sub", json!(id))];
        is_refused(&ask(&server, &asserted(&says(&server, &stolen))).await, "signed by another client's key");
    }
    ask(&server, &asserted(&says(&server, &[]))).await.expect(200);
}

#[tokio::test]
async fn sec_068_sec_073_sec_074_sec_075_only_registered_keys_by_their_own_algorithm_count() {
    let server = TestServer::start(&[]).await;
    let [(_, rsa), (_, ec), (_, ed)] = &*KEYS;
    let (trap, stranger) = (std::net::TcpListener::bind("127.0.0.1:0").expect("a port"), Key::ec());
    trap.set_nonblocking(true).expect("it does not wait");
    let address = format!("http://{}/keys", trap.local_addr().expect("an address"));
    let payload = || says(&server, &[]).to_string().into_bytes();
    let sign = |key: &Key, header: Value| key.sign(&header, &payload());
    let mut texts = vec![
        sign(ed, json!({"alg": "ES256", "kid": "ed"})),
        sign(ec, json!({"alg": "EdDSA", "kid": "ec"})),
        sign(rsa, json!({"alg": "RS256", "kid": "ec"})),
        sign(rsa, json!({"alg": "RS384", "kid": "rsa"})),
        sign(ec, json!({"alg": "ES256", "kid": "unknown"})),
        sign(ec, json!({"alg": "ES256", "kid": 1})),
        sign(ec, json!({"kid": "ec"})),
        sign(&stranger, json!({"alg": "ES256", "kid": "ec"})),
        sign(&stranger, json!({"alg": "ES256", "kid": "ec", "jku": address})),
        sign(&stranger, json!({"alg": "ES256", "kid": "ec", "x5u": address})),
        sign(&stranger, json!({"alg": "ES256", "jwk": stranger.jwk("ec")})),
    ];
    for alg in ["none", "None", "NONE", ""] {
        texts.push(format!("{}.", message(&json!({"alg": alg}).to_string(), &payload())));
    }
    for secret in [ec.jwk("ec").to_string(), CLIENT_SECRET.to_owned(), String::new()] {
        let message = message(r#"{"alg":"HS256","kid":"ec"}"#, &payload());
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
        texts.push(format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac)));
    }
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("typ", json!("at+jwt")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!(1)),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "ec"});
        header[name] = value;
        texts.push(sign(ec, header));
    }
    let genuine = asserted(&says(&server, &[]));
    let (unsigned, _) = genuine.rsplit_once('.').expect("a signature");
    texts.extend([
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{genuine}.{genuine}"),
        "x".into(),
        "..".into(),
    ]);
    for payload in [r#"{"iss":"signer","sub":"signer","sub":"signer"}"#, "[]", "signer", ""] {
        texts.push(ec.sign(&json!({"alg": "ES256"}), payload.as_bytes()));
    }
    texts.push(asserted(&says(&server, &[("jti", json!("x".repeat(20_000)))])));
    for text in &texts {
        server.pass(LATER);
        is_refused(&ask(&server, text).await, &format!("{text:.80}"));
    }
    // What such members name is not looked at, whoever signs.
    for name in ["jku", "x5u", "jwk", "x5c"] {
        let mut header = json!({"alg": "ES256", "kid": "ec"});
        header[name] = json!(address);
        ask(&server, &sign(ec, header)).await.expect(200);
    }
    assert!(trap.accept().is_err(), "nobody came for a key");
}
