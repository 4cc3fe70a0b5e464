//! Apps that see people by ids of their own (OpenID Connect Core section 8).

use serde_json::{Value, json};

use crate::support::relying_party::payload;
use crate::support::{App, Browser, CLIENT_SECRET, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const BOB: &str = "bob@fernwood.example";

/// The app `veiled_too` lives on the host of `veiled`.
fn app(server: &TestServer, id: &'static str) -> App {
    let app = App::at(server, id);
    let redirect_uri = app.redirect_uri.replace("veiled_too.example", "veiled.example");
    App { redirect_uri, ..app }
}

fn sub(tokens: &Tokens) -> String {
    payload(tokens.id.as_ref().expect("an ID token"))["sub"].as_str().expect("a text").to_owned()
}

/// Who `email` is to the app, as all that it can look at tells alike.
async fn seen_by(server: &TestServer, id: &'static str, email: &str) -> String {
    let app = app(server, id);
    let (_, tokens) = app.sign_in(email, &[("scope", "openid offline_access")]).await;
    let sub = sub(&tokens);
    assert!(sub.len() == 24 && sub.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{sub}");
    let userinfo = app.userinfo(&tokens.access).await.expect(200);
    let userinfo = if userinfo.body.starts_with('{') { userinfo.json() } else { payload(&userinfo.body) };
    assert_eq!(userinfo["sub"], sub.as_str());
    let refresh = tokens.refresh.clone().expect("a refresh token");
    for token in [&tokens.access, &refresh] {
        assert_eq!(server.introspect(token).await["sub"], sub.as_str(), "{id}");
    }
    if tokens.access.starts_with("ey") {
        assert_eq!(payload(&tokens.access)["sub"], sub.as_str());
    }
    assert_eq!(self::sub(&Tokens::from(&app.refresh(&refresh).await)), sub);
    sub
}

#[tokio::test]
async fn an_id_is_of_one_host_and_one_person() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        server.sign_up(BOB).await;
        let public = seen_by(server, "app", ADA).await;
        assert_eq!(public, seen_by(server, "lax", ADA).await);
        let veiled = seen_by(server, "veiled", ADA).await;
        assert_eq!(veiled, seen_by(server, "veiled_too", ADA).await, "on one host");
        assert_eq!(veiled, seen_by(server, "veiled", ADA).await, "for good");
        let ids = [
            public,
            veiled.clone(),
            seen_by(server, "masked", ADA).await,
            seen_by(server, "veiled", BOB).await,
            seen_by(server, "masked", BOB).await,
        ];
        for (place, id) in ids.iter().enumerate() {
            assert!(!ids[..place].contains(id), "{ids:?}");
        }
        let own = app(server, "veiled").sign_in(ADA, &[]).await.1;
        let seen = server.introspect_as("veiled", &own.access).await.expect(200).json();
        assert_eq!(seen["sub"], veiled.as_str());
        let other = server.another_node(&[]).await;
        assert_eq!(seen_by(&other, "veiled", ADA).await, veiled, "on every node, and after a restart");
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_need_the_first_id_at_once_make_the_same() {
    each(&[], async |one| {
        let two = one.another_node(&[]).await;
        one.sign_up(ADA).await;
        let code = async |server: &TestServer| app(server, "veiled").code(&Browser::at(server), ADA, &[]).await;
        let (first, second) = (code(one).await, code(&two).await);
        let (at_one, at_two) = (app(one, "veiled"), app(&two, "veiled"));
        let (first, second) = tokio::join!(at_one.exchange(&first), at_two.exchange(&second));
        assert_eq!(sub(&Tokens::from(&first)), sub(&Tokens::from(&second)));
        two.stop().await;
    })
    .await;
}

#[tokio::test]
async fn sec_061_an_app_names_a_person_by_the_id_that_it_sees() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    server.sign_up(BOB).await;
    let veiled = app(&server, "veiled");
    let (ada, tokens) = veiled.sign_in(ADA, &[]).await;
    let bob = Browser::signed_in(&server, BOB).await;
    let public = payload(&App::at(&server, "app").sign_in(ADA, &[]).await.1.access)["sub"].clone();
    let named = |sub: &Value| json!({"id_token": {"sub": {"value": sub}}}).to_string();
    let (hint, own) = (tokens.id.clone().expect("an ID token"), json!(sub(&tokens)));
    let answer = async |browser: &Browser, asked: (&str, &str)| {
        let path = veiled.request(&[("prompt", "none"), asked]);
        let fields = veiled.answered(&veiled.follow(browser, &path).await);
        fields.get("error").cloned().unwrap_or_else(|| fields.contains_key("code").to_string())
    };
    assert_eq!(answer(&ada, ("id_token_hint", &hint)).await, "true");
    assert_eq!(answer(&bob, ("id_token_hint", &hint)).await, "login_required");
    assert_eq!(answer(&ada, ("claims", &named(&own))).await, "true");
    assert_eq!(answer(&bob, ("claims", &named(&own))).await, "login_required");
    assert_eq!(answer(&ada, ("claims", &named(&public))).await, "login_required", "another app's name for her");
    assert_eq!(answer(&ada, ("claims", &named(&json!("nobody")))).await, "login_required");
    let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
    assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
}

#[tokio::test]
async fn sec_083_no_answer_tells_one_apps_id_to_another() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada").id.to_string();
    let (_, tokens) = app(&server, "veiled").sign_in(ADA, &[("scope", "openid profile email roles groups")]).await;
    let seen = server.introspect_as("veiled", &tokens.access).await.expect(200).body;
    let userinfo = app(&server, "veiled").userinfo(&tokens.access).await.expect(200).body;
    let told = [payload(&tokens.access), payload(tokens.id.as_ref().expect("one"))].map(|it| it.to_string());
    for text in [&seen, &userinfo, &told[0], &told[1]] {
        assert!(!text.contains(&user), "{text}");
    }
    let wrong = server.introspect_as("veiled_too", &tokens.access).await;
    assert!(wrong.status == 401 && !wrong.body.contains(CLIENT_SECRET), "{wrong:?}");
}

/// Its session is gone, and with it who the ID token was of; where the app wants people to go stands all the same.
#[tokio::test]
async fn sec_091_an_old_id_token_of_a_pairwise_app_still_leads_back_to_it() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let (browser, tokens) = app(&server, "masked").sign_in(ADA, &[]).await;
    browser.submit("/logout", "/logout", &[]).await.expect(303);
    let hint = tokens.id.expect("an ID token");
    let bye = "https%3A%2F%2Fmasked.example%2Fbye";
    let asked = format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri={bye}");
    assert_eq!(browser.open(&asked).await.expect(303).header("location"), "https://masked.example/bye");
    // It ends no session of anybody.
    let other = Browser::signed_in(&server, ADA).await;
    other.open(&asked).await.expect(303);
    assert!(other.is_signed_in().await);
}
