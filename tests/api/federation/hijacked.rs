//! Accounts that somebody else made with the owner's address before the owner came, in each of the ways that
//! are known ("Pre-hijacked accounts", Sudhodanan and Paverd, 2022).

use serde_json::{Value, json};

use crate::support::gate::{Gate, each_gate};
use crate::support::{Answer, App, Browser, PASSWORD, Tokens};

const ADA: &str = "ada@example.com";
const CONNECTIONS: &str = "/account/connections";

/// The owner comes by a provider that vouches for the address, and takes it back.
async fn takes_back(gate: &Gate) -> Browser {
    let owner = Browser::at(&gate.server);
    let page = gate.enters(&owner, "openid", &owners()).await.expect(303).header("location").to_owned();
    assert!(owner.open(&page).await.expect(200).body.contains("Take my address back"));
    let answer = owner.submit(&page, &page, &[("claim", "yes")]).await.expect(303);
    assert_eq!(answer.header("location"), "/account/security");
    owner
}

fn owners() -> Value {
    json!({"sub": "the owner's"})
}

/// Where `browser` is sent by the button that adds `connector`.
async fn adds(browser: &Browser, connector: &str) -> String {
    let page = browser.submit(CONNECTIONS, CONNECTIONS, &[("connect", connector)]).await.expect(200);
    page.header("refresh").trim_start_matches("0;url=").to_owned()
}

/// Lets `app` in as a person does.
async fn allows(app: &App, browser: &Browser, scope: &str) -> Tokens {
    let page = app.follow(browser, &app.request(&[("scope", scope), ("prompt", "consent")])).await.expect(200);
    let form = browser.form(&page).await;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "allow"));
    let answer: Answer = browser.post("/consent", &fields, None).await.expect(303);
    let answered = app.answered(&app.follow(browser, answer.header("location")).await);
    Tokens::from(&app.exchange(&answered["code"]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_classic_and_federated_merge() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up(ADA).await;
        takes_back(gate).await;
        gate.server.login(ADA, PASSWORD).await.expect(401);
        gate.comes_in("openid", &owners()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_sessions_grants_consents_and_devices_of_before() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        let attacker = gate.server.newcomer(ADA).await;
        let pages = Browser::signed_in(&gate.server, ADA).await;
        let (guest, tv) = (App::at(&gate.server, "guest"), App::at(&gate.server, "tv"));
        let tokens = allows(&guest, &pages, "openid email offline_access").await;
        let (used, waiting) = (tv.device("openid").await, tv.device("openid").await);
        pages.let_in(&used).await;
        let there = Tokens::from(&tv.poll(&used).await);
        pages.let_in(&waiting).await;
        let owner = takes_back(gate).await;
        gate.server.refresh(&attacker.refresh_token).await.expect(401);
        gate.server.user(&attacker.token).await.expect(401);
        assert!(!pages.is_signed_in().await);
        for token in [&tokens.access, &there.access] {
            assert!(!gate.server.is_active(token).await);
        }
        guest.refresh(&tokens.refresh.expect("a refresh token")).await.expect(400);
        tv.poll(&waiting).await.expect(400);
        let id = gate.app.users.by_email(ADA).await.expect("a read").expect("an account").id;
        assert_eq!(gate.app.grants.consents(id).await.expect("a read"), []);
        // The owner is asked whether that app may know them.
        let silent = guest.request(&[("scope", "openid email offline_access"), ("prompt", "none")]);
        assert_eq!(guest.answered(&guest.follow(&owner, &silent).await)["error"], "consent_required");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_an_identity_of_the_attackers() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up(ADA).await;
        let pages = Browser::signed_in(&gate.server, ADA).await;
        let theirs = json!({"sub": "the attacker's", "email": "eve@evil.example"});
        let location = adds(&pages, "google").await;
        pages.open(&gate.upstream.lets_in(&location, &theirs)).await.expect(303);
        takes_back(gate).await;
        gate.comes_in("google", &theirs).await;
        let (ada, eve) = (gate.who(ADA).await.expect("one"), gate.who("eve@evil.example").await.expect("another"));
        assert_ne!(ada["id"], eve["id"], "it opens an account of its own");
    })
    .await;
}

/// Addresses cannot be changed here; what can wait for its moment in the same way is an identity.
#[tokio::test(flavor = "multi_thread")]
async fn sec_105_what_was_begun_before_and_is_finished_after() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up(ADA).await;
        let pages = Browser::signed_in(&gate.server, ADA).await;
        let theirs = json!({"sub": "the attacker's", "email": "eve@evil.example"});
        let way = gate.upstream.lets_in(&adds(&pages, "google").await, &theirs);
        // And one that waits for a sign-in to that account.
        let by_address = json!({"sub": "another one", "email_verified": false});
        let page = gate.enters(&pages, "openid", &by_address).await.expect(303).header("location").to_owned();
        takes_back(gate).await;
        pages.open(&way).await.expect(401);
        let onward = page.replace("/login/link/", "/account/connections/");
        assert!(pages.open(&onward).await.expect(303).header("location").starts_with("/login?"));
        let id = gate.app.users.by_email(ADA).await.expect("a read").expect("an account").id;
        let subjects = gate.app.users.identities(id).await.expect("a read");
        assert_eq!(subjects.iter().map(|it| it.subject.as_str()).collect::<Vec<_>>(), ["the owner's"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_a_provider_that_vouches_for_nothing() {
    each_gate(&[], async |gate| {
        let theirs = json!({"sub": "the attacker's", "email_verified": false});
        let pages = gate.comes_in("openid", &theirs).await;
        assert_eq!(gate.who(ADA).await.expect("an account")["verified"], false);
        takes_back(gate).await;
        assert!(!pages.is_signed_in().await);
        let again = Browser::at(&gate.server);
        let answer = gate.enters(&again, "openid", &theirs).await.expect(303);
        assert!(answer.header("location").starts_with("/login/link/"), "{answer:?}");
        assert!(!again.is_signed_in().await);
        gate.comes_in("openid", &owners()).await;
    })
    .await;
}
