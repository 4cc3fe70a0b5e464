//! Signing out over there too, and what is kept for it.

use std::time::Duration;

use entity::upstream_session::Entity;
use postern::services::accounts::Doer;
use sea_orm::EntityTrait;
use secrecy::ExposeSecret;
use serde_json::json;
use url::form_urlencoded;

use crate::support::gate::{Gate, each_gate};
use crate::support::relying_party::payload;
use crate::support::upstream::{CLIENT_ID, SECRET, asked_with};
use crate::support::{App, Browser, Tokens};

/// Where the app wants its people afterwards.
const AFTER: &str = "https://app.example/bye";
const ON: (&str, &str) = ("OPENID_USE_END_SESSION_ENDPOINT", "true");

async fn rows(gate: &Gate) -> Vec<entity::upstream_session::Model> {
    Entity::find().all(gate.server.app.database.read()).await.expect("a read")
}

/// Where the page that asks leads to.
async fn signs_out(browser: &Browser) -> String {
    browser.submit("/logout", "/logout", &[]).await.expect(303).header("location").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_holds_up_nobody_who_signs_out() {
    let gate = Gate::open(&[ON]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    // What was looked up is too old by then.
    gate.server.pass(Duration::from_secs(3601));
    gate.upstream.falls_silent(true);
    let location = signs_out(&browser).await;
    assert!(!location.starts_with(&gate.upstream.issuer), "{location}");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_goes_to_the_provider_where_the_settings_say_so() {
    each_gate(&[ON], async |gate| {
        let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let page = browser.open("/logout").await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("form-action 'self' *;"), "over whichever hosts it leads: {policy}");
        let location = signs_out(&browser).await;
        assert!(location.starts_with(&format!("{}/bye?", gate.upstream.issuer)), "{location}");
        assert_eq!(asked_with(&location, "client_id"), CLIENT_ID);
        assert_eq!(asked_with(&location, "post_logout_redirect_uri"), "http://localhost:3081/login");
        assert_eq!(payload(&asked_with(&location, "id_token_hint"))["sub"], "5f1d7a84");
        assert!(!browser.is_signed_in().await);
        assert!(rows(gate).await.is_empty(), "what is kept goes with the session");
        // Another connector, for which nobody asks for it.
        let browser = gate.comes_in("google", &json!({"sub": "7"})).await;
        assert_eq!(signs_out(&browser).await, "/logout");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_102_no_token_is_kept_unless_asked_for_and_none_in_the_clear() {
    each_gate(&[], async |gate| {
        let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let kept = rows(gate).await;
        assert_eq!((kept.len(), kept[0].sid.as_deref(), &kept[0].sealed), (1, Some("s1"), &None));
        assert_eq!(signs_out(&browser).await, "/logout");
    })
    .await;
    each_gate(&[ON], async |gate| {
        gate.comes_in("openid", &json!({})).await;
        let kept = rows(gate).await;
        let sealed = String::from_utf8_lossy(kept[0].sealed.as_deref().expect("an ID token")).into_owned();
        assert!(!sealed.contains("eyJ") && !sealed.contains("id_token"), "{sealed}");
        let tokens = gate.server.app.connectors.tokens_of(kept[0].session_id).await.expect("a read");
        assert!(tokens.is_none(), "the ID token alone is kept");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_102_tokens_that_are_asked_for_go_with_the_session_and_with_the_identity() {
    let gate = Gate::with_file(&format!(
        "[[connector]]\nid = \"mail\"\nkind = \"openid\"\nissuer = \"ISSUER\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{SECRET}\"\nkeep_tokens = true\n"
    ))
    .await;
    gate.comes_in("openid", &json!({})).await;
    let browser = gate.comes_in("mail", &json!({})).await;
    let connectors = &gate.server.app.connectors;
    let of_mail = async || rows(&gate).await.into_iter().find(|row| row.connector == "mail");
    let session = of_mail().await.expect("a row").session_id;
    let tokens = connectors.tokens_of(session).await.expect("a read").expect("tokens");
    assert_eq!(tokens.access.expose_secret(), "an access token");
    let page = browser.open("/account/connections").await.expect(200).body;
    assert!(!page.contains("an access token"));
    signs_out(&browser).await;
    assert!(connectors.tokens_of(session).await.expect("a read").is_none());
    gate.comes_in("mail", &json!({})).await;
    let row = of_mail().await.expect("a row");
    let user = gate.server.app.users.by_email("ada@example.com").await.expect("a read").expect("a person").id;
    gate.server.app.sign_in.disconnect(user, row.identity_id, Doer::command()).await.expect("taken away");
    assert!(of_mail().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_signs_a_person_out_gets_them_back_afterwards() {
    let gate = Gate::open(&[ON]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let app = App::at(&gate, "app");
    let code = app.code(&browser, "ada@example.com", &[]).await;
    let tokens = Tokens::from(&app.exchange(&code).await);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", tokens.id.as_deref().expect("an ID token"))
        .append_pair("post_logout_redirect_uri", AFTER)
        .append_pair("state", "of the app")
        .finish();
    let location = browser.open(&format!("/oauth2/logout?{query}")).await.expect(303).header("location").to_owned();
    assert!(location.starts_with(&format!("{}/bye?", gate.upstream.issuer)), "{location}");
    let state = asked_with(&location, "state");
    let back = browser.open(&format!("/login?state={state}")).await.expect(303);
    assert_eq!(back.header("location"), format!("{AFTER}?state=of+the+app"));
    // Nobody else makes such a way on, and it does not last.
    browser.open(&format!("/login?state={}", &state[1..])).await.expect(200);
    gate.server.pass(std::time::Duration::from_secs(600));
    browser.open(&format!("/login?state={state}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_is_told_where_its_person_goes() {
    let gate = Gate::open(&[ON, ("DOMAIN_CLIENT", "http://localhost:3080")]).await;
    let browser = Browser::at(&gate.server);
    let location = browser.open("/oauth/openid").await.expect(303).header("location").to_owned();
    let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
    let token = gate.server.refresh(&answer.cookie("refreshToken")).await.expect(200).text("token");
    let redirect = gate.server.logout(&token).await.expect(200).text("redirect");
    assert!(redirect.starts_with(&format!("{}/bye?", gate.upstream.issuer)), "{redirect}");
    let back = browser.open(&format!("/login?state={}", asked_with(&redirect, "state"))).await.expect(303);
    assert_eq!(back.header("location"), "http://localhost:3080/login?redirect=false");
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_is_left_in_its_own_way() {
    let gate = Gate::with_file(&format!(
        "[[connector]]\nid = \"pool\"\nkind = \"openid\"\nissuer = \"ISSUER\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{SECRET}\"\nupstream_logout = \"cognito\"\n\
         post_logout_redirect_uri = \"https://chat.example.com/login\"\n"
    ))
    .await;
    let browser = gate.comes_in("pool", &json!({})).await;
    let location = signs_out(&browser).await;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", CLIENT_ID)
        .append_pair("logout_uri", "https://chat.example.com/login")
        .finish();
    assert_eq!(location, format!("{}/logout?{query}", gate.upstream.issuer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_makes_the_address_too_long_is_left_out() {
    let gate = Gate::open(&[ON, ("OPENID_MAX_LOGOUT_URL_LENGTH", "300")]).await;
    let browser = gate.comes_in("openid", &json!({})).await;
    let location = signs_out(&browser).await;
    assert_eq!(asked_with(&location, "id_token_hint"), "");
    assert_eq!(
        (asked_with(&location, "logout_hint").as_str(), asked_with(&location, "client_id").as_str()),
        ("5f1d7a84", CLIENT_ID)
    );
}
