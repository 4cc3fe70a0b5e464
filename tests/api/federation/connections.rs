//! The connections of an account: add one, take one away, never the last.

use std::time::Duration;

use postern::error::ErrorKind;
use postern::services::accounts::Doer;
use serde_json::json;

use crate::support::gate::{Gate, each_gate};
use crate::support::upstream::{asked_with, back};
use crate::support::{Browser, PASSWORD};

pub(super) const PAGE: &str = "/account/connections";

/// Where `browser` is sent by the button that adds `connector`.
pub(super) async fn adds(browser: &Browser, connector: &str) -> String {
    let page = browser.submit(PAGE, PAGE, &[("connect", connector)]).await.expect(200);
    let refresh = page.header("refresh").to_owned();
    refresh.strip_prefix("0;url=").unwrap_or_else(|| panic!("{page:?}")).to_owned()
}

/// The ids of what can be removed.
pub(super) async fn removable(browser: &Browser) -> Vec<String> {
    let page = browser.open(PAGE).await.expect(200).body;
    let starts = page.split("name=\"remove\" value=\"").skip(1);
    starts.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_may_have_several_and_each_opens_it() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("ada@example.com").await;
        let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
        for (connector, sub) in [("openid", "one"), ("staff", "two"), ("openid", "three")] {
            let location = adds(&browser, connector).await;
            // Another address over there does not matter: who asked for it is signed in here.
            let claims = json!({"sub": sub, "email": format!("{sub}@elsewhere.example")});
            let answer = browser.open(&gate.upstream.lets_in(&location, &claims)).await.expect(303);
            assert_eq!(answer.header("location"), "/account/connections?done=connected");
        }
        assert_eq!(removable(&browser).await.len(), 3);
        for (connector, sub) in [("openid", "one"), ("staff", "two"), ("openid", "three")] {
            let there = gate.comes_in(connector, &json!({"sub": sub})).await;
            assert!(there.open("/account").await.expect(200).body.contains("ada@example.com"), "{sub}");
        }
        let first = removable(&browser).await.remove(0);
        browser.submit(PAGE, PAGE, &[("remove", &first)]).await.expect(303);
        assert_eq!(removable(&browser).await.len(), 2);
        browser.submit(PAGE, PAGE, &[("remove", &first)]).await.expect(404);
        let gone = Browser::at(&gate.server);
        gate.enters(&gone, "openid", &json!({"sub": "one", "email": "one@elsewhere.example"})).await;
        assert!(!gone.open("/account").await.body.contains("ada@example.com"), "it opens that account no more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_107_the_last_way_in_stays_also_when_two_go_at_once() {
    each_gate(&[], async |gate| {
        let browser = gate.comes_in("openid", &json!({})).await;
        let only = removable(&browser).await.remove(0);
        let refused = browser.submit(PAGE, PAGE, &[("remove", &only)]).await.expect(409);
        assert!(refused.body.contains("only way in"), "{refused:?}");
        let location = adds(&browser, "staff").await;
        browser.open(&gate.upstream.lets_in(&location, &json!({"sub": "second"}))).await.expect(303);
        // Not by the page: the session that both would be sent from may be over after the first.
        let user = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account").id;
        let both = gate.app.users.identities(user).await.expect("a read");
        let tries = both.iter().map(|identity| gate.app.sign_in.disconnect(user, identity.id, Doer::command()));
        let outcomes = futures_util::future::join_all(tries).await;
        let refused: Vec<_> =
            outcomes.into_iter().filter_map(|outcome| outcome.err().map(|error| error.kind)).collect();
        assert_eq!(refused, [ErrorKind::Conflict]);
        assert_eq!(gate.app.users.identities(user).await.expect("a read").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_107_nobody_is_linked_by_another_site_another_session_or_without_asking() {
    let gate = Gate::open(&[]).await;
    for email in ["ada@example.com", "eve@example.com"] {
        gate.server.sign_up(email).await;
    }
    let ada = Browser::signed_in(&gate.server, "ada@example.com").await;
    ada.post(PAGE, &[("connect", "openid")], None).await.expect(403);
    let token = ada.token(PAGE).await;
    let cross = Some((reqwest::header::HeaderName::from_static("sec-fetch-site"), "cross-site"));
    ada.post(PAGE, &[("connect", "openid"), ("csrf", &token)], cross).await.expect(403);
    // What eve began, with her identity, ends nowhere in ada's browser.
    let eve = Browser::signed_in(&gate.server, "eve@example.com").await;
    let evil = gate.upstream.lets_in(&adds(&eve, "openid").await, &json!({"sub": "eve's"}));
    ada.open(&evil).await.expect(400);
    assert_eq!(removable(&ada).await.len(), 0);
    // Nor in her own once she is signed out.
    let location = adds(&eve, "openid").await;
    eve.submit("/logout", "/logout", &[]).await.expect(303);
    eve.open(&gate.upstream.lets_in(&location, &json!({"sub": "eve's"}))).await.expect(401);
    // Whoever is linked already stays with their account.
    gate.comes_in("openid", &json!({"sub": "somebody's", "email": "somebody@example.com"})).await;
    let location = adds(&ada, "openid").await;
    let taken = ada.open(&gate.upstream.lets_in(&location, &json!({"sub": "somebody's"}))).await.expect(409);
    assert!(taken.body.contains("opens another account here"), "{taken:?}");
    // Who changes their mind over there reads so where they began.
    let location = adds(&ada, "openid").await;
    let state = asked_with(&location, "state");
    let fields = [("error", "access_denied"), ("state", state.as_str()), ("iss", gate.upstream.issuer.as_str())];
    let answer = ada.open(&back(&location, &fields)).await;
    assert_eq!(answer.header("location"), "/account/connections?failed=access_denied&by=openid");
    let page = ada.open(answer.header("location")).await.expect(200).body;
    assert!(page.contains("OpenID did not sign you in"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_035_a_change_of_how_one_comes_in_needs_a_fresh_sign_in() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
    gate.server.pass(Duration::from_secs(600));
    for field in [("connect", "openid"), ("remove", "0")] {
        let answer = browser.submit(PAGE, PAGE, &[field]).await.expect(303);
        assert_eq!(answer.header("location"), "/login?again=true&return_to=%2Faccount%2Fconnections");
    }
    let again = "/login?again=true&return_to=%2Faccount%2Fconnections";
    let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("return_to", PAGE)];
    browser.submit(again, "/login", &fields).await.expect(303);
    adds(&browser, "openid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_section_shows_only_where_there_are_other_ways_in() {
    let gate = Gate::open(&[("ALLOW_SOCIAL_LOGIN", "")]).await;
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
    assert!(!browser.open("/account").await.expect(200).body.contains(PAGE));
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
    assert!(browser.open("/account").await.expect(200).body.contains(PAGE));
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_what_came_by_an_identity_ends_with_it_and_nothing_else() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("ada@example.com").await;
        let browser = Browser::signed_in(&gate.server, "ada@example.com").await;
        for sub in ["one", "two"] {
            let location = adds(&browser, "openid").await;
            browser.open(&gate.upstream.lets_in(&location, &json!({"sub": sub}))).await.expect(303);
            // The page lists them by their age.
            gate.server.pass(Duration::from_secs(1));
        }
        let (one, two) = (
            gate.comes_in("openid", &json!({"sub": "one"})).await,
            gate.comes_in("openid", &json!({"sub": "two"})).await,
        );
        let bare = Browser::at(&gate.server);
        let location = bare.open("/oauth/openid").await.expect(303).header("location").to_owned();
        let chat = bare.open(&gate.upstream.lets_in(&location, &json!({"sub": "one"}))).await.expect(303);
        let refresh_token = chat.cookie("refreshToken");
        let first = removable(&browser).await.remove(0);
        browser.submit(PAGE, PAGE, &[("remove", &first)]).await.expect(303);
        assert!(!one.is_signed_in().await && two.is_signed_in().await, "what came by that one ends");
        gate.server.refresh(&refresh_token).await.expect(401);
        assert!(browser.is_signed_in().await, "who came in another way stays");
        // Also the very session that asks for it, where it came by it.
        let last = removable(&two).await.remove(0);
        two.submit(PAGE, PAGE, &[("remove", &last)]).await.expect(303);
        assert!(!two.is_signed_in().await && browser.is_signed_in().await);
    })
    .await;
}
