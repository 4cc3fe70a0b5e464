//! Sign-ins that the chat's own front end begins: by a bare link, and back at the chat.

use serde_json::json;

use crate::support::gate::{Gate, each_gate, refused};
use crate::support::upstream::{asked_with, back};
use crate::support::{Browser, PASSWORD};

const CHAT: (&str, &str) = ("DOMAIN_CLIENT", "http://localhost:3080");

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_link_ends_at_the_chat_with_its_cookies() {
    each_gate(&[CHAT], async |gate| {
        let browser = Browser::at(&gate.server);
        let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
        let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
        assert_eq!(answer.header("location"), "http://localhost:3080/");
        assert_eq!(answer.cookie("token_provider"), "librechat");
        assert!(answer.cookie_lines().iter().all(|line| !line.starts_with("postern_session")), "{answer:?}");
        let refreshed = gate.server.refresh(&answer.cookie("refreshToken")).await.expect(200).json();
        let user = &refreshed["user"];
        assert_eq!((&user["email"], &user["provider"]), (&json!("ada@example.com"), &json!("openid")));
        assert!(!browser.is_signed_in().await, "the chat's session is none of our pages'");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_ends_at_the_chats_sign_in_page() {
    let gate = Gate::open(&[CHAT]).await;
    let browser = Browser::at(&gate.server);
    let failed = "http://localhost:3080/login?redirect=false&error=auth_failed";
    let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
    let state = asked_with(&location, "state");
    let path = back(&location, &[("error", "access_denied"), ("state", &state), ("iss", &gate.upstream.issuer)]);
    assert_eq!(browser.open(&path).await.expect(303).header("location"), failed);
    gate.upstream.says("GET /.well-known/openid-configuration", 500, &json!({}));
    assert_eq!(browser.open("/oauth/google").await.expect(303).header("location"), failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_chat_a_bare_link_ends_at_the_account() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
    let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
    assert_eq!(answer.header("location"), "/account");
    let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
    let odd = gate.upstream.lets_in(&location, &json!({"sub": 7}));
    assert_eq!(refused(&browser.open(&odd).await), "provider_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_on_another_host_cannot_take_over_and_is_told_so() {
    let apart = [("DOMAIN_CLIENT", "https://chat.example.com"), ("POSTERN_URL", "https://auth.example.com")];
    let gate = Gate::open(&apart).await;
    let browser = Browser::at(&gate.server);
    let page = browser.open("/oauth/openid").await.expect(403).body;
    assert!(page.contains("on different hosts"), "{page}");
    browser.open("/oauth/openid?return_to=%2Faccount").await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_the_fixed_addresses_answer_at_the_root_too() {
    let gate = Gate::open(&[("POSTERN_URL", "http://localhost:3081/auth"), CHAT]).await;
    let root = gate.server.site.base.trim_end_matches("/auth").to_owned();
    for base in [root.clone(), format!("{root}/auth")] {
        let browser = Browser::at(&gate.server);
        let at = browser.clone().moved(&crate::support::Site::at(base.clone()));
        let location = at.open("/oauth/openid").await.expect(303).header("location").to_owned();
        assert_eq!(asked_with(&location, "redirect_uri"), "http://localhost:3081/auth/oauth/openid/callback");
        let way = gate.upstream.lets_in(&location, &json!({}));
        let back = browser.open(way.strip_prefix("/auth").expect("below the path")).await.expect(303);
        assert_eq!(back.header("location"), "http://localhost:3080/", "{base}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_leads_to_our_page_and_from_there_to_the_chat() {
    each_gate(&[CHAT], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up("ada@example.com").await;
        let browser = Browser::at(&gate.server);
        let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
        let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
        let page = answer.header("location").to_owned();
        let onward = page.replace("/login/link/", "/account/connections/");
        assert_ne!(page, onward, "{page}");
        let login = format!("/login?return_to={}", onward.replace('/', "%2F"));
        let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("return_to", onward.as_str())];
        browser.submit(&login, "/login", &fields).await.expect(303);
        let answer = browser.submit(&onward, &onward, &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/oauth/openid", "once more as from the chat");
        let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
        let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
        assert_eq!(answer.header("location"), "http://localhost:3080/");
        let refreshed = gate.server.refresh(&answer.cookie("refreshToken")).await.expect(200).json();
        assert_eq!(refreshed["user"]["email"], "ada@example.com");
    })
    .await;
}
