//! Signed out at the provider too, and back here: nobody is led straight in again, and an app gets its
//! people back.

use std::time::Duration;

use serde_json::json;
use url::form_urlencoded;

use crate::support::gate::Gate;
use crate::support::upstream::asked_with;
use crate::support::{App, Browser, Settings, Tokens};

const ON: (&str, &str) = ("OPENID_USE_END_SESSION_ENDPOINT", "true");
const STRAIGHT: (&str, &str) = ("OPENID_AUTO_REDIRECT", "true");
/// The page that says that nobody is signed in.
const SIGNED_OUT: &str = "http://localhost:3081/logout";
/// What the sign-in page leads straight on to.
const IN_AGAIN: &str = "/oauth/openid?return_to=";

/// One whose OpenID provider is Cognito.
async fn pool(settings: Settings<'_>) -> Gate {
    Gate::with_file_and("[[connector]]\nid = \"openid\"\nupstream_logout = \"cognito\"\n", settings).await
}

async fn leads_to(browser: &Browser, path: &str) -> String {
    browser.open(path).await.expect(303).header("location").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_on_account_pages_works_where_forms_may_not_leave() {
    for (settings, by_link) in [([ON].as_slice(), true), (&[], false)] {
        let gate = Gate::open(settings).await;
        let browser = gate.comes_in("openid", &json!({})).await;
        let page = browser.open("/account").await.expect(200);
        assert!(page.header("content-security-policy").contains("form-action 'self';"), "{page:?}");
        assert_eq!(page.body.contains("href=\"/logout\""), by_link, "{page:?}");
        assert_eq!(page.body.contains("action=\"/logout\""), !by_link, "{page:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_signed_out_is_not_led_straight_in_again() {
    let gate = Gate::open(&[ON, STRAIGHT]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let location = browser.submit("/logout", "/logout", &[]).await.expect(303).header("location").to_owned();
    let state = asked_with(&location, "state");
    assert_eq!(leads_to(&browser, &format!("/login?state={state}")).await, SIGNED_OUT);
    let page = browser.open("/logout").await.expect(200).body;
    assert!(page.contains("You are signed out"), "{page}");
    assert_eq!(leads_to(&browser, "/login").await, IN_AGAIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_hands_no_state_back_and_nobody_is_led_in_again_either() {
    let gate = pool(&[STRAIGHT]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let answer = browser.submit("/logout", "/logout", &[]).await.expect(303);
    assert_eq!(asked_with(answer.header("location"), "logout_uri"), "http://localhost:3081/login");
    assert_ne!(answer.cookie("postern_way_on"), "");
    // Who comes with an errand is not back from there.
    assert_eq!(leads_to(&browser, "/login?return_to=%2Faccount").await, format!("{IN_AGAIN}%2Faccount"));
    let back = browser.open("/login").await.expect(303);
    assert_eq!((back.header("location"), back.cookie("postern_way_on").as_str()), (SIGNED_OUT, ""));
    assert_eq!(leads_to(&browser, "/login").await, IN_AGAIN, "once");
    // It does not last, and nobody else makes one.
    let browser = gate.comes_in("openid", &json!({})).await;
    let kept = browser.submit("/logout", "/logout", &[]).await.expect(303).cookie("postern_way_on");
    let bent = format!("postern_way_on={}", &kept[1..]);
    assert_eq!(Browser::at(&gate.server).open_with_cookie("/login", &bent).await.header("location"), IN_AGAIN);
    gate.server.pass(Duration::from_secs(600));
    assert_eq!(leads_to(&browser, "/login").await, IN_AGAIN);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_its_people_back_from_cognito_too() {
    let gate = pool(&[]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let app = App::at(&gate, "app");
    let code = app.code(&browser, "ada@example.com", &[]).await;
    let tokens = Tokens::from(&app.exchange(&code).await);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", tokens.id.as_deref().expect("an ID token"))
        .append_pair("post_logout_redirect_uri", "https://app.example/bye")
        .append_pair("state", "of the app")
        .finish();
    let location = leads_to(&browser, &format!("/oauth2/logout?{query}")).await;
    assert!(location.starts_with(&format!("{}/logout?", gate.upstream.issuer)), "{location}");
    assert_eq!(leads_to(&browser, "/login").await, "https://app.example/bye?state=of+the+app");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chats_front_end_gets_its_people_back_from_cognito_too() {
    let gate = pool(&[("DOMAIN_CLIENT", "http://localhost:3080")]).await;
    let browser = Browser::at(&gate.server);
    let location = leads_to(&browser, "/oauth/openid").await;
    let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
    let token = gate.server.refresh(&answer.cookie("refreshToken")).await.expect(200).text("token");
    let answer = gate.server.logout(&token).await.expect(200);
    let kept = format!("postern_way_on={}", answer.cookie("postern_way_on"));
    let back = Browser::at(&gate.server).open_with_cookie("/login", &kept).await.expect(303);
    assert_eq!(back.header("location"), "http://localhost:3080/login?redirect=false");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_an_account_is_no_dead_end_where_the_sign_in_page_leads_straight_on() {
    let gate = Gate::open(&[STRAIGHT]).await;
    gate.server.sign_up("operator@example.com").await;
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::at(&gate.server);
    let page = gate.enters(&browser, "openid", &json!({})).await.expect(303).header("location").to_owned();
    let page = browser.open(&page).await.expect(200).body;
    let links: Vec<String> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|link| link.replace("&amp;", "&").replace("&#x2f;", "/"))
        .filter(|link| link.starts_with("/login?"))
        .collect();
    assert_eq!(links.len(), 2, "sign in once, and not now: {page}");
    for link in links {
        let page = browser.open(&link).await.expect(200).body;
        assert!(page.contains("name=\"password\""), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_outlasts_a_change_of_the_key() {
    let gate = Gate::open(&[ON]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let other = Browser::at(&gate.server);
    let under_way = gate.leaves(&other, "openid").await;
    let new = "5385bb3064049ea8faff9595c2fc419e5aaa763465229695c4cbbd0693e240b8";
    let keys = [("POSTERN_ENCRYPTION_KEY", new), ("POSTERN_ENCRYPTION_KEY_PREVIOUS", crate::support::ENCRYPTION_KEY)];
    let later = gate.another_node(&[[ON].as_slice(), &keys].concat()).await;
    let answer = other.moved(&later).open(&gate.upstream.lets_in(&under_way, &json!({}))).await.expect(303);
    assert_eq!(answer.header("location"), "/account/security", "what was under way goes on");
    let location = browser.moved(&later).submit("/logout", "/logout", &[]).await.expect(303);
    assert_ne!(asked_with(location.header("location"), "id_token_hint"), "");
    let elsewhere = gate.another_node(&[[("OPENID_ISSUER", "http://127.0.0.2:9")].as_slice(), &keys].concat()).await;
    let answer = Browser::at(&elsewhere).open("/oauth/openid?return_to=%2Faccount").await;
    assert_eq!(crate::support::gate::refused(&answer), "provider_failed", "SEC-101 holds");
    later.stop().await;
    elsewhere.stop().await;
}
