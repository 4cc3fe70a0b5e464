//! Where somebody has to prove anew who they are, a session at their provider is no proof.

use std::time::Duration;

use serde_json::{Value, json};

use super::known::{comes_back, github_user};
use crate::support::gate::{Gate, each_gate, refused};
use crate::support::relying_party::payload;
use crate::support::upstream::{NOW, asked_with};
use crate::support::{App, Browser, Tokens};

const PAGE: &str = "/account/connections";

/// The claims of Ada some seconds after the start, with `more` in them.
fn later(seconds: i64, more: &Value) -> Value {
    let mut claims = json!({"iat": NOW + seconds, "exp": NOW + seconds + 3600});
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

/// An account with a password that the OpenID provider opens too.
async fn connected(gate: &Gate) {
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
    let page = browser.submit(PAGE, PAGE, &[("connect", "openid")]).await.expect(200);
    let location = page.header("refresh").trim_start_matches("0;url=").to_owned();
    browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_035_a_session_over_there_is_no_fresh_sign_in() {
    each_gate(&[], async |gate| {
        connected(gate).await;
        let location = gate.leaves(&Browser::at(&gate.server), "openid").await;
        assert_eq!((asked_with(&location, "prompt"), asked_with(&location, "max_age")), (String::new(), String::new()));
        let browser = gate.comes_in("openid", &json!({})).await;
        gate.server.pass(Duration::from_secs(600));
        let again = browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(303);
        assert!(again.header("location").starts_with("/login?again=true"), "{again:?}");
        // The provider lets them through, and says so or nothing at all.
        for odd in [json!({}), json!({"auth_time": NOW}), json!({"auth_time": NOW + 580}), json!({"auth_time": "now"})]
        {
            let location = gate.leaves(&browser, "openid").await;
            assert_eq!(
                (asked_with(&location, "prompt"), asked_with(&location, "max_age")),
                ("login".into(), "0".into())
            );
            let answer = browser.open(&gate.upstream.lets_in(&location, &later(600, &odd))).await;
            assert_eq!(refused(&answer), "not_proven_anew", "{odd}");
            let page = browser.open(answer.header("location")).await.expect(200).body;
            assert!(page.contains("without asking") && page.contains("name=\"password\""), "{page}");
            browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(303);
        }
        let fresh = later(600, &json!({"auth_time": NOW + 600}));
        let answer = gate.enters(&browser, "openid", &fresh).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security");
        browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_035_a_provider_that_cannot_ask_anew_counts_only_where_there_is_no_other_way() {
    each_gate(&[], async |gate| {
        let emails = json!([{"email": "ada@example.com", "primary": true, "verified": true}]);
        gate.upstream.says("GET /github/api/user/emails", 200, &emails);
        gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({})));
        let browser = Browser::at(&gate.server);
        let is_in =
            async |gate: &Gate| comes_back(gate, &browser, "github").await.header("location") == "/account/security";
        assert!(is_in(gate).await);
        gate.server.pass(Duration::from_secs(600));
        browser.submit(PAGE, PAGE, &[("connect", "openid")]).await.expect(303);
        assert_eq!(asked_with(&gate.leaves(&browser, "github").await, "prompt"), "select_account");
        assert!(is_in(gate).await, "nobody is kept from their account");
        browser.submit(PAGE, PAGE, &[("connect", "openid")]).await.expect(200);
        // Once there is a better way, that is the one.
        gate.comes_in("openid", &later(600, &json!({}))).await;
        gate.server.pass(Duration::from_secs(600));
        assert_eq!(refused(&comes_back(gate, &browser, "github").await), "not_proven_anew");
        browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(303);
        let fresh = later(1200, &json!({"auth_time": NOW + 1200}));
        gate.enters(&browser, "openid", &fresh).await.expect(303);
        browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_061_an_app_that_asks_for_a_sign_in_gets_one_that_is_no_session_over_there() {
    each_gate(&[], async |gate| {
        connected(gate).await;
        let app = App::at(&gate.server, "app");
        for asks in [("prompt", "login"), ("max_age", "60")] {
            let browser = Browser::at(&gate.server);
            let page = app.follow(&browser, &app.request(&[asks])).await.expect(200);
            let button = page.body.split("href=\"").find(|text| text.starts_with("/oauth/openid?")).expect("a button");
            let path = button.split('"').next().unwrap_or_default().replace("&#x2f;", "/").replace("&amp;", "&");
            for (auth_time, is_proof) in [(json!(null), false), (json!(NOW - 3600), false), (json!(NOW), true)] {
                let location = browser.open(&path).await.expect(303).header("location").to_owned();
                assert_eq!(asked_with(&location, "prompt"), "login", "{asks:?}");
                let back = browser.open(&gate.upstream.lets_in(&location, &json!({"auth_time": auth_time}))).await;
                match is_proof {
                    false => assert_eq!(refused(&back), "not_proven_anew", "{asks:?} {auth_time}"),
                    true => {
                        let fields = app.answered(&app.follow(&browser, back.header("location")).await);
                        assert!(fields.contains_key("code"), "{fields:?}");
                    }
                }
            }
        }
        // One that wants tokens to refresh is content with a session over there.
        let browser = Browser::at(&gate.server);
        let page = app.follow(&browser, &app.request(&[("scope", "openid offline_access")])).await.expect(200);
        let button = page.body.split("href=\"").find(|text| text.starts_with("/oauth/openid?")).expect("a button");
        let path = button.split('"').next().unwrap_or_default().replace("&#x2f;", "/").replace("&amp;", "&");
        let location = browser.open(&path).await.expect(303).header("location").to_owned();
        assert_eq!(asked_with(&location, "prompt"), "", "{location}");
        // One that asks for none is told how old the proof is.
        let browser = Browser::at(&gate.server);
        gate.enters(&browser, "openid", &json!({"auth_time": NOW - 3000})).await.expect(303);
        let fields = app.answered(&app.follow(&browser, &app.request(&[])).await);
        let tokens = Tokens::from(&app.exchange(&fields["code"]).await);
        assert_eq!(payload(&tokens.id.expect("an ID token"))["auth_time"], NOW - 3000);
        let asked = browser.submit(PAGE, PAGE, &[("connect", "staff")]).await.expect(303);
        assert!(asked.header("location").starts_with("/login?again=true"), "{asked:?}");
    })
    .await;
}
