//! What an app declared about itself once holds for each of its sign-ins.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, decode_header};
use serde_json::json;

use crate::support::{App, Browser, TestServer};

const ADA: &str = "ada@fernwood.example";

/// Core section 3.1.3.6: `at_hash` is half of the hash that the signature itself uses; that of Ed25519 is SHA-512.
#[tokio::test]
async fn each_app_gets_id_tokens_by_the_algorithm_that_it_named() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    for (id, algorithm, hash) in [
        ("app", Algorithm::RS256, &SHA256),
        ("curve", Algorithm::ES256, &SHA256),
        ("edwards", Algorithm::EdDSA, &SHA512),
    ] {
        let app = App::at(&server, id);
        let (_, tokens) = app.sign_in(ADA, &[]).await;
        let token = tokens.id.expect("an ID token");
        assert_eq!(decode_header(&token).expect("a header").alg, algorithm, "{id}");
        let hash = digest(hash, tokens.access.as_bytes());
        let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        assert_eq!(app.verified(&token).await["at_hash"], json!(URL_SAFE_NO_PAD.encode(half)), "{id}");
    }
}

/// Registration section 2: `default_max_age` stands in for the parameter, which goes before it.
#[tokio::test]
async fn a_sign_in_that_is_older_than_an_app_takes_is_asked_for_again() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let app = App::at(&server, "edwards");
    let (browser, _) = app.sign_in(ADA, &[]).await;
    let silent = async |browser: &Browser, changes: &[(&str, &str)]| {
        let asked = [changes, &[("prompt", "none")]].concat();
        app.answered(&app.follow(browser, &app.request(&asked)).await)
    };
    server.pass(Duration::from_secs(59));
    assert!(silent(&browser, &[]).await.contains_key("code"));
    server.pass(Duration::from_secs(2));
    assert_eq!(silent(&browser, &[]).await["error"], "login_required");
    assert!(silent(&browser, &[("max_age", "3600")]).await.contains_key("code"));
    app.code(&browser, ADA, &[]).await;
    assert!(silent(&browser, &[]).await.contains_key("code"));
}

/// A sign-in form leads to a native app by its scheme, which the browser has to be told.
#[tokio::test]
async fn the_sign_in_page_of_a_native_app_may_lead_to_its_scheme() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "native");
    let browser = Browser::at(&server);
    for (address, source) in
        [("com.example.app:/cb", "com.example.app:"), ("http://127.0.0.1:49152/cb", "http://127.0.0.1:49152")]
    {
        let page = app.follow(&browser, &app.request(&[("redirect_uri", address)])).await.expect(200);
        let policy = page.header("content-security-policy");
        let allowed = policy.split(';').map(str::trim).find_map(|it| it.strip_prefix("form-action ")).expect("one");
        assert!(allowed.split(' ').any(|it| it == source), "{address}: {allowed}");
    }
}
