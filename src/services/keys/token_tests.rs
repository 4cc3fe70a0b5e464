//! Tokens that are none of ours, for one reason each.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::SigningAlgorithm;
use super::pair::Pair;
use super::testing::Node;
use crate::services::database::testing::fresh;

/// `header` and `payload`, signed by our own key.
fn signed(pair: &Pair, header: &Value, payload: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    let signature = pair.sign(message.as_bytes()).expect("signed");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The header that our own tokens have.
fn header(pair: &Pair) -> Value {
    json!({"typ": "at+jwt", "alg": pair.algorithm, "kid": pair.kid})
}

/// The header with one member more, or another in its place.
fn with(pair: &Pair, name: &str, value: Value) -> Value {
    let mut odd = header(pair);
    odd[name] = value;
    odd
}

#[tokio::test]
async fn sec_073_no_other_algorithm_than_the_keys_own_is_taken() {
    let it = fresh().await.remove(0);
    let node = Node::ready(&it.database).await;
    for algorithm in SigningAlgorithm::ALL {
        let pair = node.pair(*algorithm).await;
        let genuine = signed(&pair, &header(&pair), br#"{"sub":"ada"}"#);
        assert!(node.knows(&genuine).await, "{algorithm}");
        let others = ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "ES256", "EdDSA", "PS256"];
        for alg in others.into_iter().filter(|alg| *alg != algorithm.name()) {
            let token = signed(&pair, &with(&pair, "alg", json!(alg)), b"{}");
            assert!(!node.knows(&token).await, "{alg} by a key for {algorithm}");
            let (message, _) = token.rsplit_once('.').expect("three parts");
            assert!(!node.knows(&format!("{message}.")).await, "{alg} without a signature");
            // The public key taken for a shared secret, in the forms in which it can be had.
            for secret in [pair.jwk.as_bytes(), pair.kid.as_bytes(), b""] {
                let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
                assert!(!node.knows(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))).await);
            }
        }
        let (message, signature) = genuine.rsplit_once('.').expect("three parts");
        let (_, payload) = message.split_once('.').expect("two parts");
        let half = &signature[..signature.len() / 2];
        for broken in [
            message.to_owned(),
            format!("{message}."),
            format!("{message}.{half}"),
            format!("{message}.{signature}="),
            format!("{genuine}A"),
            format!(".{payload}.{signature}"),
            genuine.replacen('.', "..", 1),
            format!("{}.{signature}", message.replace(payload, &URL_SAFE_NO_PAD.encode(br#"{"sub":"bob"}"#))),
        ] {
            assert!(!node.knows(&broken).await, "{broken}");
        }
    }
}

#[tokio::test]
async fn sec_073_sec_074_sec_078_a_header_with_anything_but_ours_is_none_of_ours() {
    let it = fresh().await.remove(0);
    let node = Node::ready(&it.database).await;
    let pair = node.pair(SigningAlgorithm::Es256).await;
    let jwk: Value = serde_json::from_str(&pair.jwk).expect("a JWK");
    for (name, value) in [
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/chain")),
        ("jwk", jwk),
        ("x5c", json!(["MIIB"])),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
        ("kid", json!(null)),
        ("kid", json!([pair.kid])),
        ("alg", json!({"ES256": null})),
        ("typ", json!(null)),
    ] {
        let token = signed(&pair, &with(&pair, name, value.clone()), br#"{"sub":"ada"}"#);
        assert!(!node.knows(&token).await, "{name}: {value}");
    }
    let twice = format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{0}","alg":"ES256","kid":"{0}"}}"#, pair.kid);
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(twice), URL_SAFE_NO_PAD.encode("{}"));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).expect("signed"));
    assert!(!node.knows(&format!("{message}.{signature}")).await, "a member twice");
}

#[tokio::test]
async fn sec_074_a_kid_is_looked_up_and_nothing_else() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let pair = node.pair(SigningAlgorithm::Es256).await;
        let long = "A".repeat(10 * 1024);
        for kid in [
            "",
            "../../../../dev/null",
            "' OR 1=1 --",
            "%",
            "\0",
            &format!("{}\0", pair.kid),
            &format!("{} ", pair.kid),
            &pair.kid.to_lowercase(),
            &"A".repeat(43),
            &long,
        ] {
            assert!(!node.knows(&signed(&pair, &with(&pair, "kid", json!(kid)), b"{}")).await, "{kid:?}");
        }
        let other = node.pair(SigningAlgorithm::EdDsa).await;
        assert!(!node.knows(&signed(&pair, &header(&other), b"{}")).await, "another key's name");
    }
}

#[tokio::test]
async fn sec_075_a_kind_of_token_is_never_taken_for_another() {
    let it = fresh().await.remove(0);
    let node = Node::ready(&it.database).await;
    let kinds = ["at+jwt", "JWT", "logout+jwt", "token-introspection+jwt"];
    for made in kinds {
        let token = node.sign(SigningAlgorithm::Rs256, made, &json!({"sub": "ada"})).await.expect("signed");
        for asked in kinds.into_iter().chain(["", "AT+JWT", "at+jwt ", "application/at+jwt"]) {
            let read = node.verify(&token, asked).await.expect("an answer");
            assert_eq!(read.is_some(), made == asked, "{made} asked for as {asked:?}");
        }
    }
}

#[tokio::test]
async fn sec_078_what_is_odd_or_huge_is_refused_before_any_work() {
    let it = fresh().await.remove(0);
    let node = Node::ready(&it.database).await;
    let pair = node.pair(SigningAlgorithm::Es256).await;
    let deep = format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    for payload in [
        br#"{"sub":"ada","sub":"bob"}"#.as_slice(),
        br#"{"sub":"ada","act":{"sub":"a","sub":"b"}}"#,
        b"{\"sub\":\"\xff\xfe\"}",
        b"\"ada\"",
        b"[]",
        b"",
        b"{} {}",
        deep.as_bytes(),
    ] {
        let shown = String::from_utf8_lossy(payload).chars().take(60).collect::<String>();
        assert!(!node.knows(&signed(&pair, &header(&pair), payload)).await, "{shown}");
    }
    let wide = |length: usize| format!(r#"{{"a":"{}"}}"#, "b".repeat(length));
    assert!(node.knows(&signed(&pair, &header(&pair), wide(11_000).as_bytes())).await, "15 KB are much, but pass");
    for length in [13_000, 1 << 20] {
        assert!(!node.knows(&signed(&pair, &header(&pair), wide(length).as_bytes())).await, "{length}");
    }
    let token = node.token(SigningAlgorithm::Es256).await;
    let five = format!("{token}.{token}").split('.').take(5).collect::<Vec<_>>().join(".");
    for text in [five.as_str(), &"A".repeat(1 << 20), &".".repeat(1 << 20), "..", ".", "", "\u{fffd}.\u{fffd}.\0"] {
        assert!(!node.knows(text).await);
    }
}
