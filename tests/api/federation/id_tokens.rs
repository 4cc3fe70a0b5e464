//! ID tokens of providers, honest and forged.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern::secret::sha256;
use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::gate::{Gate, refused};
use crate::support::jws::{Key, message};
use crate::support::upstream::{CLIENT_ID, NOW, SECRET};

/// What `browser` gets when the provider answers with the token that `make` makes of the usual claims.
async fn with_token(gate: &Gate, make: impl Fn(Value) -> String) -> String {
    let browser = Browser::at(&gate.server);
    let location = gate.leaves(&browser, "openid").await;
    let token = make(gate.upstream.claims(&location, &json!({})));
    let answer = browser.open(&gate.upstream.lets_in_with(&location, &token)).await.expect(303);
    let is_in = browser.is_signed_in().await;
    assert_eq!(is_in, answer.header("location") == "/account/security");
    if is_in { "in".to_owned() } else { refused(&answer) }
}

/// The same with the claims changed, null taking one out, by the provider's own key.
async fn with_claims(gate: &Gate, more: Value) -> String {
    let browser = Browser::at(&gate.server);
    let answer = gate.enters(&browser, "openid", &more).await;
    if browser.is_signed_in().await { "in".to_owned() } else { refused(&answer) }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_095_the_nonce_has_to_be_that_of_this_sign_in() {
    let gate = Gate::open(&[]).await;
    for nonce in [json!(null), json!("EVIL"), json!(["x"]), json!("")] {
        assert_eq!(with_claims(&gate, json!({"nonce": nonce})).await, "provider_failed", "{nonce}");
    }
    // That of another sign-in, in the same browser.
    let browser = Browser::at(&gate.server);
    let (one, other) = (gate.leaves(&browser, "openid").await, gate.leaves(&browser, "openid").await);
    let stolen = gate.upstream.signed(&gate.upstream.claims(&one, &json!({})));
    assert_eq!(refused(&browser.open(&gate.upstream.lets_in_with(&other, &stolen)).await), "provider_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_096_a_token_has_to_be_of_this_issuer_for_us_and_fresh() {
    let gate = Gate::open(&[]).await;
    let slash = format!("{}/", gate.upstream.issuer);
    for odd in [
        json!({"iss": "https://evil.example"}),
        json!({"iss": slash}),
        json!({"iss": null}),
        json!({"iss": "accounts.google.com"}),
        json!({"aud": "other"}),
        json!({"aud": null}),
        json!({"aud": format!("{CLIENT_ID}-admin")}),
        json!({"aud": [CLIENT_ID, "api"]}),
        json!({"aud": [CLIENT_ID, "api"], "azp": "api"}),
        json!({"azp": "other"}),
        json!({"exp": NOW - 3600, "iat": NOW - 7200}),
        json!({"exp": null}),
        json!({"exp": (NOW + 3600).to_string()}),
        json!({"exp": 1e30}),
        json!({"exp": -1}),
        json!({"iat": null}),
        json!({"iat": NOW + 3600, "exp": NOW + 7200}),
        json!({"iat": NOW - 86_400}),
        json!({"nbf": NOW + 3600}),
        json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        json!({"token_use": "access"}),
    ] {
        assert_eq!(with_claims(&gate, odd.clone()).await, "provider_failed", "{odd}");
    }
    let hash = URL_SAFE_NO_PAD.encode(&sha256(b"an access token").as_bytes()[..16]);
    for fine in [
        json!({"aud": [CLIENT_ID]}),
        json!({"aud": [CLIENT_ID, "api"], "azp": CLIENT_ID}),
        json!({"exp": NOW - 30, "iat": NOW - 500}),
        json!({"exp": 1_800_003_600.5, "iat": 1_800_000_000.25}),
        json!({"iat": NOW + 30}),
        json!({"at_hash": hash}),
        json!({"name": {"given": "Ada"}, "picture": {"data": 1}, "updated_at": "yesterday", "email_verified": [true]}),
    ] {
        assert_eq!(with_claims(&gate, fine.clone()).await, "in", "{fine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_096_only_a_key_of_the_provider_signs_and_only_as_it_announces() {
    let gate = Gate::open(&[]).await;
    let upstream = gate.upstream.clone();
    assert_eq!(with_token(&gate, |claims| upstream.signed(&claims)).await, "in");
    let (eve, jwk) = (Key::rsa(), upstream.jwk());
    let hmac = |secret: Vec<u8>| {
        move |claims: Value| {
            let message = message("{\"alg\":\"HS256\",\"kid\":\"first\"}", claims.to_string().as_bytes());
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
            let tag = aws_lc_rs::hmac::sign(&key, message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        }
    };
    assert_eq!(with_token(&gate, hmac(SECRET.as_bytes().to_vec())).await, "provider_failed", "our secret is no key");
    assert_eq!(
        with_token(&gate, hmac(jwk.to_string().into_bytes())).await,
        "provider_failed",
        "a public key is no secret"
    );
    let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().expect("a modulus")).expect("base64url");
    assert_eq!(with_token(&gate, hmac(n)).await, "provider_failed");
    for alg in ["none", "nOnE", ""] {
        let unsigned =
            |claims: Value| format!("{}.", message(&json!({"alg": alg}).to_string(), claims.to_string().as_bytes()));
        assert_eq!(with_token(&gate, unsigned).await, "provider_failed", "{alg}");
    }
    let own = |header: Value| {
        let upstream = upstream.clone();
        move |claims: Value| upstream.signed_as(&header, &claims)
    };
    for header in [
        json!({"alg": "RS256", "kid": "first", "crit": ["b64"], "b64": false}),
        json!({"alg": "RS256", "kid": "first", "typ": "at+jwt"}),
        json!({"alg": "RS256", "kid": "first", "typ": "logout+jwt"}),
        json!({"alg": "RS512", "kid": "first"}),
        json!({"alg": "ES256", "kid": "first"}),
        json!({"alg": "RS256", "kid": "../../../dev/null"}),
    ] {
        assert_eq!(with_token(&gate, own(header.clone())).await, "provider_failed", "{header}");
    }
    for header in [json!({"alg": "RS256"}), json!({"alg": "PS256", "kid": "first"})] {
        assert_eq!(with_token(&gate, own(header.clone())).await, "in", "{header}");
    }
    for header in [
        json!({"alg": "RS256", "kid": "first"}),
        json!({"alg": "RS256"}),
        json!({"alg": "RS256", "jwk": eve.jwk("first")}),
        json!({"alg": "RS256", "kid": "evil", "jku": "https://evil.example/jwks"}),
    ] {
        let forged = |claims: Value| eve.sign(&header, claims.to_string().as_bytes());
        assert_eq!(with_token(&gate, forged).await, "provider_failed", "{header}");
    }
    let twice = |claims: Value| {
        let text = claims.to_string().replacen('{', "{\"sub\":\"eve\",", 1);
        let (key, header) = (&upstream, json!({"alg": "RS256", "kid": "first"}));
        key.signed_text(&header, &text)
    };
    assert_eq!(with_token(&gate, twice).await, "provider_failed", "two readers would read two subjects");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_rotate_are_found_and_unknown_ones_do_not_make_us_ask_without_end() {
    let gate = Gate::open(&[]).await;
    gate.comes_in("openid", &json!({})).await;
    gate.comes_in("openid", &json!({})).await;
    let asked = || gate.upstream.asked("GET /jwks").len();
    assert_eq!(asked(), 1, "keys are kept");
    for (key, kid) in [(Key::ec(), "second"), (Key::ed(), "third")] {
        gate.upstream.rotates(key, kid);
        gate.comes_in("openid", &json!({})).await;
        gate.server.pass(Duration::from_secs(31));
    }
    assert_eq!(asked(), 3);
    for _ in 0..5 {
        let upstream = gate.upstream.clone();
        let unknown = move |claims: Value| upstream.signed_as(&json!({"alg": "EdDSA", "kid": "r404"}), &claims);
        assert_eq!(with_token(&gate, unknown).await, "provider_failed");
    }
    assert_eq!(asked(), 4);
    assert_eq!(gate.upstream.asked("GET /.well-known/openid-configuration").len(), 1, "so is the document");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_as_verified() {
    let gate = Gate::open(&[]).await;
    for (number, (word, verified)) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("True"), true),
        (json!(1), true),
        (json!("1"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(""), false),
        (json!(0), false),
        (json!(null), false),
        (json!([true]), false),
        (json!("2025-01-01T00:00:00Z"), false),
        (json!("yes"), false),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("p{number}@example.com");
        gate.comes_in("openid", &json!({"sub": email, "email": email, "email_verified": word})).await;
        assert_eq!(gate.who(&email).await.expect("an account")["verified"], verified, "{word}");
    }
}
