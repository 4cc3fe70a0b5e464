//! Logout tokens, and the odd ways by which a session may have come.

use std::time::Duration;

use entity::spent_logout_token::Entity;
use futures_util::future::join_all;
use postern::services::caller::Caller;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::told::{claims, header, tells, tells_of};
use crate::support::Browser;
use crate::support::gate::{Gate, each_gate};
use crate::support::upstream::NOW;

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_who_took_an_address_back_is_found_by_the_session_over_there() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("operator@example.com").await;
    gate.server.sign_up("ada@example.com").await;
    let owner = Browser::at(&gate.server);
    let theirs = json!({"sub": "the owner's", "sid": "s9"});
    let page = gate.enters(&owner, "openid", &theirs).await.expect(303).header("location").to_owned();
    owner.submit(&page, &page, &[("claim", "yes")]).await.expect(303);
    assert!(owner.is_signed_in().await);
    tells_of(&gate, &json!({"sid": "s9"})).await.expect(200);
    assert!(!owner.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_a_session_that_came_by_two_providers_ends_with_either() {
    each_gate(&[], async |gate| {
        let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let connections = "/account/connections";
        let leaving = browser.submit(connections, connections, &[("connect", "google")]).await.expect(200);
        let location = leaving.header("refresh").trim_start_matches("0;url=").to_owned();
        let theirs = json!({"sub": "7", "sid": "g1", "auth_time": NOW});
        browser.open(&gate.upstream.lets_in(&location, &theirs)).await.expect(303);
        let answer = gate.enters(&browser, "google", &theirs).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security");
        tells_of(gate, &json!({"sid": "g1"})).await.expect(200);
        assert!(browser.is_signed_in().await, "another provider's word for its own");
        tells_of(gate, &json!({"sid": "s1", "jti": "j2"})).await.expect(200);
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_a_session_with_a_long_name_is_found_by_it() {
    let gate = Gate::open(&[]).await;
    let long = "s".repeat(3000);
    let browser = gate.comes_in("openid", &json!({"sid": long})).await;
    let kept = entity::upstream_session::Entity::find().one(gate.app.database.read()).await.expect("a read");
    assert!(kept.expect("a row").sid.expect("a name").len() < 100);
    tells_of(&gate, &json!({"sid": format!("{long}s"), "jti": "j0"})).await.expect(200);
    assert!(browser.is_signed_in().await);
    tells_of(&gate, &json!({"sid": long})).await.expect(200);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_093_of_many_at_once_a_token_counts_once() {
    each_gate(&[], async |gate| {
        let browser = gate.comes_in("openid", &json!({"sid": "s1"})).await;
        let token = gate.upstream.signed_as(&header("logout+jwt"), &claims(gate, &json!({"sid": "s1"})));
        let answers = join_all((0..12).map(|_| tells(gate, "openid", &token))).await;
        let taken = answers.iter().filter(|answer| answer.status == 200).count();
        let refused = answers.iter().filter(|answer| answer.status == 400).count();
        assert_eq!((taken, refused), (1, 11), "{answers:?}");
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_146_spent_tokens_are_swept_once_they_would_be_too_old() {
    each_gate(&[], async |gate| {
        let spent = async || Entity::find().count(gate.app.database.read()).await.expect("a read");
        tells_of(gate, &json!({"sid": "s1"})).await.expect(200);
        postern::jobs::run_due(&gate.app).await;
        assert_eq!(spent().await, 1);
        gate.server.pass(Duration::from_secs(3600));
        postern::jobs::run_due(&gate.app).await;
        assert_eq!(spent().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_146_a_flood_of_logout_tokens_is_bounded_for_each_network() {
    let gate = Gate::open(&[]).await;
    let token = gate.upstream.signed_as(&header("logout+jwt"), &claims(&gate, &json!({"sid": "s1"})));
    let connector = gate.app.connectors.named("openid").expect("a connector");
    let at = |address: &str| Caller {
        address: address.parse().expect("an address"),
        user_agent: String::new(),
        request_id: String::new(),
    };
    let (here, elsewhere) = (at("127.0.0.1"), at("192.0.2.7"));
    for _ in 0..6000 {
        assert!(gate.app.connectors.over(connector, "x", &here).await.is_err());
    }
    let refused = tells(&gate, "openid", &token).await.expect(429);
    assert_ne!(refused.header("retry-after"), "");
    assert!(gate.app.connectors.over(connector, &token, &elsewhere).await.is_ok(), "of that network alone");
    gate.server.pass(Duration::from_secs(601));
    tells_of(&gate, &json!({"sid": "s1", "iat": crate::support::upstream::NOW + 601, "exp": null})).await.expect(200);
}
