//! A device is let in by a person elsewhere: what both see, and who decides.

use std::time::Duration;

use reqwest::header::{HeaderName, ORIGIN};
use serde_json::Value;

use crate::support::relying_party::payload;
use crate::support::{App, Browser, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";
const OFFLINE: &str = "openid profile email offline_access";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[tokio::test]
async fn a_device_is_let_in_by_whoever_typed_its_code() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let device = tv.device(OFFLINE).await;
        App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
        let browser = Browser::signed_in(server, ADA).await;
        server.pass(Duration::from_secs(120));
        let typed = device.user_code.replace('-', " ").to_lowercase();
        let asked = browser.type_code(&typed).await.expect(303);
        let page = browser.open(asked.header("location")).await.expect(200).body;
        let shown = ["Did you start this?", &device.user_code, "tv &amp; co", "tv.example", "fernwood-terminal"];
        let values = ["127.0.0.1", "2 minutes ago", "see your e-mail address", ADA, "stay signed in", "Maren Olsen"];
        for text in shown.into_iter().chain(values) {
            assert!(page.contains(text), "{text}: {page}");
        }
        App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
        let done = browser.decide(&device.user_code, "allow").await.expect(303);
        let page = browser.open(done.header("location")).await.expect(200).body;
        assert!(page.contains("The device is let in") && page.contains("tv &amp; co"), "{page}");

        let answer = tv.poll(&device).await;
        let tokens = Tokens::from(&answer);
        assert_eq!(answer.text("scope"), OFFLINE);
        let claims = tv.verified(tokens.id.as_deref().expect("an ID token")).await;
        let about = server.introspect(&tokens.access).await;
        assert_eq!((&claims["sub"], &claims["sid"]), (&about["sub"], &about["sid"]));
        assert_eq!(claims["auth_time"].as_i64().map(|at| at + 120), claims["iat"].as_i64(), "the person's own");
        assert_eq!((&claims["amr"], &about["provider"]), (&serde_json::json!(["pwd"]), &Value::from("local")));
        assert_eq!(tv.userinfo(&tokens.access).await.expect(200).json()["email"], ADA);
        let refreshed = Tokens::from(&tv.refresh(&tokens.refresh.expect("a refresh token")).await);
        assert!(server.is_active(&refreshed.access).await);
    })
    .await;
}

#[tokio::test]
async fn sec_030_a_device_has_a_session_of_its_own_that_is_seen_and_ended() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let (device, browser) = (tv.device(OFFLINE).await, Browser::signed_in(server, ADA).await);
        browser.let_in(&device).await;
        let tokens = Tokens::from(&tv.poll(&device).await);
        // It outlives the session that it was let in by.
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert!(server.is_active(&tokens.access).await);
        let browser = Browser::signed_in(server, ADA).await;
        let page = browser.open("/account/sessions").await.expect(200).body;
        assert!(page.contains("fernwood-terminal") && page.contains("127.0.0.1"), "{page}");
        assert_eq!(page.matches("with a code that").count(), 1, "{page}");
        assert_eq!(page.matches("with a password").count(), 1, "only this browser: {page}");
        let id = payload(&tokens.access)["sid"].as_str().expect("a session").to_owned();
        browser.submit("/account/sessions", "/account/sessions", &[("end", &id)]).await.expect(303);
        assert!(!server.is_active(&tokens.access).await);
        App::expect_refusal(&tv.refresh(&tokens.refresh.expect("a refresh token")).await, "invalid_grant");
        assert!(browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_042_a_device_lives_from_the_sign_in_of_whoever_lets_it_in() {
    let server = TestServer::start(&[("REFRESH_TOKEN_EXPIRY", "7200000")]).await;
    let tv = App::at(&server, "tv");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    server.pass(Duration::from_secs(3600));
    let device = tv.device(OFFLINE).await;
    browser.let_in(&device).await;
    let token = Tokens::from(&tv.poll(&device).await).refresh.expect("a refresh token");
    server.pass(Duration::from_secs(3599));
    let token = Tokens::from(&tv.refresh(&token).await).refresh.expect("the next one");
    server.pass(Duration::from_secs(1));
    App::expect_refusal(&tv.refresh(&token).await, "invalid_grant");

    // Whoever signed in that long ago does so again, and is asked then.
    let device = tv.device(OFFLINE).await;
    let asked = browser.type_code(&device.user_code).await.expect(303);
    let led = browser.open(asked.header("location")).await.expect(303);
    assert!(led.header("location").starts_with("/login?return_to=%2Fdevice%3Fuser_code"), "{led:?}");
    browser.decide(&device.user_code, "allow").await.expect(303);
    App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
    let fields = [("email", ADA), ("password", crate::support::PASSWORD)];
    browser.submit("/login?again=true", "/login", &fields).await.expect(303);
    browser.let_in(&device).await;
    server.pass(Duration::from_secs(10));
    let token = Tokens::from(&tv.poll(&device).await).refresh.expect("a refresh token");
    let _ = Tokens::from(&tv.refresh(&token).await);
}

#[tokio::test]
async fn sec_064_no_is_an_answer() {
    let server = TestServer::start(&[]).await;
    let tv = App::at(&server, "tv");
    server.sign_up(ADA).await;
    let (device, browser) = (tv.device("openid").await, Browser::signed_in(&server, ADA).await);
    browser.type_code(&device.user_code).await.expect(303);
    let done = browser.decide(&device.user_code, "cancel").await.expect(303);
    assert!(browser.open(done.header("location")).await.expect(200).body.contains("The device stays out"));
    browser.decide(&device.user_code, "allow").await.expect(400);
    App::expect_refusal(&tv.poll(&device).await, "access_denied");
}

#[tokio::test]
async fn sec_064_a_link_with_the_code_only_fills_in_the_field() {
    let server = TestServer::start(&[]).await;
    let tv = App::at(&server, "tv");
    server.sign_up(ADA).await;
    let begun = tv.begin_device(&[("scope", "openid")]).await.expect(200);
    let (code, complete) = (begun.text("user_code"), begun.text("verification_uri_complete"));
    let device = crate::support::device::Device { code: begun.text("device_code"), user_code: code.clone() };
    let path = format!("/device?user_code={code}");
    assert!(complete.ends_with(&path) && complete.starts_with(&begun.text("verification_uri")), "{complete}");

    // Whoever is not signed in comes back to it.
    let browser = Browser::at(&server);
    let sent = browser.open(&path).await.expect(303);
    let page = browser.open(sent.header("location")).await.expect(200);
    let form = browser.form(&page).await;
    let return_to = form.iter().find(|(name, _)| name == "return_to").map(|(_, value)| value.as_str());
    assert_eq!(return_to, Some(path.as_str()));
    browser.sign_in(ADA, crate::support::PASSWORD).await.expect(303);
    for link in [path.clone(), format!("{path}&decision=allow")] {
        let page = browser.open(&link).await.expect(200).body;
        assert!(page.contains(&format!("value=\"{code}\"")) && page.contains("Connect a device"), "{page}");
    }
    App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
    // Nor is the question asked before the code was sent, or answered by a form that brings no answer.
    browser.decide(&code, "allow").await.expect(400);
    browser.type_code(&code).await.expect(303);
    App::expect_refusal(&tv.poll(&device).await, "slow_down");
}

#[tokio::test]
async fn sec_064_sec_037_only_the_session_that_typed_the_code_decides() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let device = tv.device("openid email").await;
        let (ada, jonas) = (Browser::signed_in(server, ADA).await, Browser::signed_in(server, JONAS).await);
        let elsewhere = Browser::signed_in(server, ADA).await;
        let path = ada.type_code(&device.user_code).await.expect(303).header("location").to_owned();
        for other in [&jonas, &elsewhere] {
            let page = other.open(&path).await.expect(200).body;
            assert!(page.contains("Connect a device") && !page.contains("tv.example"), "{page}");
            other.decide(&device.user_code, "allow").await.expect(400);
        }
        // Who types it last decides; who typed it before does not any more.
        jonas.type_code(&device.user_code).await.expect(303);
        ada.decide(&device.user_code, "allow").await.expect(400);
        App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
        jonas.decide(&device.user_code, "allow").await.expect(303);
        let tokens = Tokens::from(&tv.poll(&device).await);
        assert_eq!(tv.userinfo(&tokens.access).await.json()["email"], JONAS);

        // Another person in the same browser has typed nothing.
        let device = tv.device("openid").await;
        ada.type_code(&device.user_code).await.expect(303);
        ada.submit("/logout", "/logout", &[]).await.expect(303);
        ada.sign_in(JONAS, crate::support::PASSWORD).await.expect(303);
        ada.decide(&device.user_code, "allow").await.expect(400);
    })
    .await;
}

#[tokio::test]
async fn sec_031_sec_057_the_forms_are_ours_and_stand_in_no_frame() {
    let server = TestServer::start(&[]).await;
    let tv = App::at(&server, "tv");
    server.sign_up(ADA).await;
    let (device, browser) = (tv.device("openid").await, Browser::signed_in(&server, ADA).await);
    let code = device.user_code.as_str();
    let path = browser.type_code(code).await.expect(303).header("location").to_owned();
    for page in ["/device", path.as_str()] {
        let answer = browser.open(page).await.expect(200);
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{answer:?}");
        assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("same-origin", "no-store"));
    }
    let own = browser.token(&path).await;
    let foreign = Browser::signed_in(&server, ADA).await.token("/device").await;
    for token in ["", "forged", foreign.as_str()] {
        let fields = [("user_code", code), ("decision", "allow"), ("csrf", token)];
        browser.post("/device", &fields, None).await.expect(403);
    }
    let fields = [("user_code", code), ("decision", "allow"), ("csrf", own.as_str())];
    for header in [(ORIGIN, "https://evil.example"), (ORIGIN, "null"), (SEC_FETCH_SITE, "cross-site")] {
        browser.post("/device", &fields, Some(header)).await.expect(403);
    }
    App::expect_refusal(&tv.poll(&device).await, "authorization_pending");
    browser.post("/device", &fields, None).await.expect(303);
    let _ = Tokens::from(&tv.poll(&device).await);
}

#[tokio::test]
async fn an_app_for_confirmed_addresses_says_so_on_the_page() {
    let server = TestServer::start(&[]).await;
    let deck = App::at(&server, "deck");
    for email in [ADA, JONAS] {
        server.sign_up(email).await;
    }
    let (device, jonas) = (deck.device("openid").await, Browser::signed_in(&server, JONAS).await);
    let path = jonas.type_code(&device.user_code).await.expect(303).header("location").to_owned();
    let page = jonas.open(&path).await.expect(403).body;
    assert!(page.contains("is not confirmed") && page.contains(JONAS) && page.contains("deck &amp; co"), "{page}");
    jonas.decide(&device.user_code, "allow").await.expect(303);
    App::expect_refusal(&deck.poll(&device).await, "authorization_pending");
    let user = server.app.users.by_email(JONAS).await.expect("a read").expect("Jonas");
    let doer = postern::services::accounts::Doer::command();
    server.app.accounts.verify_email(user.id, doer).await.expect("confirmed");
    assert!(jonas.open(&path).await.expect(200).body.contains("Did you start this?"));
    jonas.decide(&device.user_code, "allow").await.expect(303);
    let _ = Tokens::from(&deck.poll(&device).await);
}
