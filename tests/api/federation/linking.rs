//! An address that has an account already: the two come together, or the owner of the address takes it
//! back.

use std::time::Duration;

use entity::{Names, user};
use postern::services::accounts::Doer;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::support::gate::{Gate, each_gate};
use crate::support::{Answer, Browser, PASSWORD};

/// Where somebody is led whose address has an account.
#[track_caller]
fn page(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    let path = answer.header("location");
    assert!(path.starts_with("/login/link/pst_cl_"), "{path}");
    path.to_owned()
}

/// The page that asks whether to connect, for what waits at `page`.
fn onward(page: &str) -> String {
    page.replace("/login/link/", "/account/connections/")
}

/// Signs in by password as a person does who was sent to `page`.
async fn sign_in_there(browser: &Browser, page: &str, email: &str) {
    let onward = onward(page);
    let login = format!("/login?return_to={}", onward.replace('/', "%2F"));
    let fields = [("email", email), ("password", PASSWORD), ("return_to", onward.as_str())];
    let answer = browser.submit(&login, "/login", &fields).await.expect(303);
    assert_eq!(answer.header("location"), onward);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_104_the_old_way_once_and_then_both() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up("ada@example.com").await;
        let browser = Browser::at(&gate.server);
        let page = page(&gate.enters(&browser, "openid", &json!({})).await);
        let text = browser.open(&page).await.expect(200).body;
        assert!(
            text.contains("ada@example.com has an account here") && text.contains("Sign in once and connect OpenID")
        );
        assert!(!browser.is_signed_in().await, "nobody is in by that alone");
        sign_in_there(&browser, &page, "ada@example.com").await;
        let connections = browser.open("/account/connections").await.expect(200).body;
        assert!(connections.contains("None yet."), "signing in alone connects nothing");
        let answer = browser.submit(&onward(&page), &onward(&page), &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security", "and on to where they were going");
        browser.submit("/account", &onward(&page), &[]).await.expect(400);
        let connections = browser.open("/account/connections").await.expect(200).body;
        assert!(connections.contains("ada@example.com</p>"), "{connections}");
        gate.comes_in("openid", &json!({"email": "changed@example.com"})).await;
        gate.server.login("ada@example.com", PASSWORD).await.expect(200);
        let ada = gate.who("ada@example.com").await.expect("an account");
        assert_eq!(ada["verified"], true, "both have proven the address by now");
    })
    .await;
}

/// Gives the account with the address `from` the address `to`, as a change of it will.
async fn has_address(gate: &Gate, from: &str, to: &str) {
    let change = user::Entity::update_many()
        .col_expr(user::Column::Email, to.into())
        .col_expr(user::Column::EmailCanonical, to.into())
        .filter(user::Column::EmailCanonical.eq(from));
    let write = gate
        .app
        .database
        .write_statement(|tx| Box::pin(async move { change.exec(tx).await.map_err(postern::error::Error::from) }));
    assert_eq!(write.await.expect("written").rows_affected, 1);
    // What every change of an account does: its sessions feel it.
    let id = gate.app.users.by_email(to).await.expect("a read").expect("an account").id;
    let groups = Some(Names::new([to]));
    gate.app.accounts.set_roles(id, None, groups, Doer::command()).await.expect("told");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_106_what_waits_is_for_one_account_one_browser_and_ten_minutes() {
    each_gate(&[], async |gate| {
        for email in ["operator@example.com", "ada@example.com", "eve@example.com"] {
            gate.server.sign_up(email).await;
        }
        let browser = Browser::at(&gate.server);
        let page = page(&gate.enters(&browser, "openid", &json!({})).await);
        // Somebody else who has the address of the page, signed in or not.
        let eve = Browser::signed_in(&gate.server, "eve@example.com").await;
        eve.open(&page).await.expect(400);
        eve.open(&onward(&page)).await.expect(400);
        eve.submit("/account", &onward(&page), &[]).await.expect(400);
        // The same browser, as somebody else.
        sign_in_there(&browser, &page, "eve@example.com").await;
        browser.open(&onward(&page)).await.expect(403);
        browser.submit("/account", &onward(&page), &[]).await.expect(403);
        // The account, with another address than it had when the identity was proven.
        let browser = Browser::at(&gate.server);
        let page = self::page(&gate.enters(&browser, "openid", &json!({})).await);
        sign_in_there(&browser, &page, "ada@example.com").await;
        has_address(gate, "ada@example.com", "moved@example.com").await;
        browser.submit("/account", &onward(&page), &[]).await.expect(403);
        has_address(gate, "moved@example.com", "ada@example.com").await;
        // SEC-107: a form of another site, and one without our token.
        let browser = Browser::at(&gate.server);
        let page = self::page(&gate.enters(&browser, "openid", &json!({})).await);
        sign_in_there(&browser, &page, "ada@example.com").await;
        browser.post(&onward(&page), &[], None).await.expect(403);
        gate.server.pass(Duration::from_secs(600));
        browser.open(&onward(&page)).await.expect(400);
        let id = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account").id;
        assert_eq!(gate.app.users.identities(id).await.expect("a read").len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_the_owner_of_an_address_takes_it_back_from_who_signed_up_with_it() {
    each_gate(&[], async |gate| {
        gate.server.sign_up("operator@example.com").await;
        // The attacker: a password, a session of each kind, and an identity whose provider vouches for nothing.
        let attacker = gate.server.newcomer("ada@example.com").await;
        let pages = Browser::signed_in(&gate.server, "ada@example.com").await;
        let leaving =
            pages.submit("/account/connections", "/account/connections", &[("connect", "staff")]).await.expect(200);
        let location = leaving.header("refresh").trim_start_matches("0;url=").to_owned();
        let theirs = json!({"sub": "the attacker's", "email": "eve@evil.example"});
        let back = pages.open(&gate.upstream.lets_in(&location, &theirs)).await.expect(303);
        assert_eq!(back.header("location"), "/account/connections?done=connected");

        let owner = Browser::at(&gate.server);
        let page = page(&gate.enters(&owner, "openid", &json!({"sub": "the owner's"})).await);
        let text = owner.open(&page).await.expect(200).body;
        assert!(text.contains("Take my address back"), "{text}");
        owner.post(&page, &[("claim", "yes")], None).await.expect(403);
        let answer = owner.submit(&page, &page, &[("claim", "yes")]).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security");
        assert!(owner.is_signed_in().await);

        gate.server.login("ada@example.com", PASSWORD).await.expect(401);
        gate.server.refresh(&attacker.refresh_token).await.expect(401);
        gate.server.user(&attacker.token).await.expect(401);
        assert!(!pages.is_signed_in().await);
        let again = Browser::at(&gate.server);
        let answer = gate.enters(&again, "staff", &theirs).await.expect(303);
        assert!(answer.header("location").starts_with("/login/link/"), "{answer:?}");
        assert!(!again.is_signed_in().await, "it opens nothing");
        let ada = gate.who("ada@example.com").await.expect("an account");
        assert_eq!(
            (&ada["verified"], &ada["password"], &ada["provider"]),
            (&json!(true), &json!(false), &json!("openid"))
        );
        gate.comes_in("openid", &json!({"sub": "the owner's"})).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_105_nobody_takes_what_is_confirmed_an_administrators_or_not_vouched_for() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("operator@example.com").await;
    gate.server.sign_up("ada@example.com").await;
    gate.server.sign_up("boss@example.com").await;
    let boss = gate.app.users.by_email("boss@example.com").await.expect("a read").expect("an account").id;
    let roles = Some(entity::Names::new(["admin"]));
    gate.app.accounts.set_roles(boss, roles, None, postern::services::accounts::Doer::command()).await.expect("set");
    for (email, verified) in [("operator@example.com", false), ("ada@example.com", false), ("boss@example.com", true)] {
        let browser = Browser::at(&gate.server);
        let claims = json!({"sub": format!("of {email}"), "email": email, "email_verified": verified});
        let page = page(&gate.enters(&browser, "openid", &claims).await);
        assert!(!browser.open(&page).await.expect(200).body.contains("Take my address back"), "{email}");
        browser.submit("/login", &page, &[("claim", "yes")]).await.expect(403);
        gate.server.login(email, PASSWORD).await.expect(200);
    }
}
