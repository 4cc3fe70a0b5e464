//! The same person in many tabs at once, and two people with one address.

use postern::services::accounts::Doer;
use serde_json::json;

use crate::support::gate::{Gate, each_gate};
use crate::support::{Browser, TestServer};

/// Comes back eight times at once, on two nodes, as somebody with this subject and address; every one is in.
async fn all_come_in(gate: &Gate, other: &TestServer, sub: &str, email: &str) {
    let mut ways = Vec::new();
    for number in 0..8 {
        let browser = Browser::at(&gate.server);
        let location = gate.leaves(&browser, "openid").await;
        let way = gate.upstream.lets_in(&location, &json!({"sub": sub, "email": email, "preferred_username": null}));
        ways.push((if number % 2 == 0 { browser } else { browser.moved(other) }, way));
    }
    let answers = futures_util::future::join_all(ways.iter().map(|(browser, way)| browser.open(way))).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.header("location")), (303, "/account/security"), "{answer:?}");
    }
    let user = gate.app.users.by_email(email).await.expect("a read").expect("an account");
    assert_eq!(gate.app.users.identities(user.id).await.expect("a read").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_answers_of_one_identity_at_once_make_one_account_and_all_come_in() {
    each_gate(&[], async |gate| {
        let other = gate.another_node(&[]).await;
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up("cleo@example.com").await;
        let cleo = gate.app.users.by_email("cleo@example.com").await.expect("a read").expect("an account");
        gate.app.accounts.verify_email(cleo.id, Doer::command()).await.expect("confirmed");
        for number in 0..3 {
            all_come_in(gate, &other, &format!("new {number}"), &format!("new{number}@example.com")).await;
        }
        // The same where it is linked with an account that is there.
        all_come_in(gate, &other, "cleo's", "cleo@example.com").await;
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_104_an_address_that_was_given_out_anew_opens_nothing() {
    each_gate(&[], async |gate| {
        gate.comes_in("openid", &json!({"sub": "who left"})).await;
        let browser = Browser::at(&gate.server);
        let answer = gate.enters(&browser, "openid", &json!({"sub": "who has the address now"})).await.expect(303);
        let page = answer.header("location").to_owned();
        assert!(page.starts_with("/login/link/"), "{answer:?}");
        assert!(!browser.is_signed_in().await);
        let text = browser.open(&page).await.expect(200).body;
        assert!(text.contains("has an account here") && !text.contains("Take my address back"), "{text}");
        // By another provider the same address is linked as before.
        gate.comes_in("google", &json!({"sub": "at the other one"})).await;
        let user = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
        let theirs = gate.app.users.identities(user.id).await.expect("a read");
        let subjects: Vec<&str> = theirs.iter().map(|identity| identity.subject.as_str()).collect();
        assert_eq!(subjects, ["who left", "at the other one"]);
    })
    .await;
}
