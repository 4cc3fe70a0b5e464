//! An address that nobody vouches for is anybody's: whether it has an account here is not told.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern::services::accounts::Doer;
use serde_json::json;

use crate::support::gate::{Gate, each_gate};
use crate::support::{Answer, Browser, PASSWORD};

/// All that can be compared of `answer`, without what is of this try alone.
fn comparable(answer: &Answer, email: &str, key: &str) -> String {
    let text = answer.comparable().replace(key, "KEY").replace(email, "EMAIL");
    let text = text.replace(&URL_SAFE_NO_PAD.encode(email), "EMAIL");
    let mut parts = text.split("name=\"csrf\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "CSRF" + part.split_once('"').map_or(part, |(_, rest)| rest))
}

/// Comes back as somebody new with this address, and what is seen of it: the way back, the page, and what
/// somebody signed in to another account sees.
async fn seen(gate: &Gate, email: &str) -> Vec<String> {
    let claims =
        json!({"sub": format!("of {email}"), "email": email, "email_verified": false, "preferred_username": null});
    let browser = Browser::at(&gate.server);
    let answer = gate.enters(&browser, "openid", &claims).await;
    let path = answer.header("location").to_owned();
    let key = path.strip_prefix("/login/link/").unwrap_or_else(|| panic!("{answer:?}"));
    let page = browser.open(&path).await;
    browser.submit("/login", &path, &[("claim", "yes")]).await.expect(403);
    browser.sign_in("eve@example.com", PASSWORD).await.expect(303);
    let other = browser.open(&format!("/account/connections/{key}")).await;
    [answer.clone(), page, other].iter().map(|answer| comparable(answer, email, key)).collect()
}

/// The same for who says that there is no account yet.
async fn registers(gate: &Gate, email: &str) -> Vec<String> {
    let claims =
        json!({"sub": format!("of {email}"), "email": email, "email_verified": false, "preferred_username": null});
    let browser = Browser::at(&gate.server);
    let path = gate.enters(&browser, "openid", &claims).await.header("location").to_owned();
    let key = path.trim_start_matches("/login/link/").to_owned();
    let answer = browser.submit(&path, &path, &[("register", "yes")]).await.expect(303);
    let page = browser.open(answer.header("location")).await.expect(200);
    assert!(page.body.contains("Now sign in."), "{page:?}");
    assert!(!browser.is_signed_in().await);
    browser.submit("/login", &path, &[("register", "yes")]).await.expect(400);
    [answer, page].iter().map(|answer| comparable(answer, email, &key)).collect()
}

/// People who are known here: one unconfirmed, one confirmed, one administrator.
const KNOWN: [&str; 3] = ["known1@example.com", "known2@example.com", "known0@example.com"];

async fn sign_up(gate: &Gate) {
    for email in ["known0@example.com", "known1@example.com", "known2@example.com", "eve@example.com"] {
        gate.server.sign_up(email).await;
    }
    let known = gate.app.users.by_email("known2@example.com").await.expect("a read").expect("an account");
    gate.app.accounts.verify_email(known.id, Doer::command()).await.expect("confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_021_an_address_that_nobody_vouches_for_tells_not_whether_it_has_an_account() {
    each_gate(&[], async |gate| {
        sign_up(gate).await;
        let unknown = seen(gate, "nobody@example.com").await;
        assert!(unknown[1].contains("Do you have an account here?") && unknown[1].contains("Sign in once and connect"));
        for email in KNOWN {
            assert_eq!(seen(gate, email).await, unknown, "{email}");
        }
        let unknown = registers(gate, "nobody@example.com").await;
        for email in KNOWN {
            assert_eq!(registers(gate, email).await, unknown, "{email}");
            // Nothing has changed for whoever has the account.
            let id = gate.app.users.by_email(email).await.expect("a read").expect("an account").id;
            assert_eq!(gate.app.users.identities(id).await.expect("a read").len(), 0);
            gate.server.login(email, PASSWORD).await.expect(200);
        }
        gate.comes_in("openid", &json!({"sub": "of nobody@example.com"})).await;
        assert_eq!(gate.who("nobody@example.com").await.expect("an account")["verified"], false);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_021_nor_where_signing_in_makes_no_account() {
    for closed in [("POSTERN_OPENID_REGISTRATION", "false"), ("POSTERN_ALLOWED_EMAIL_DOMAINS", "example.com")] {
        let gate = Gate::open(&[closed]).await;
        sign_up(&gate).await;
        let unknown = seen(&gate, "nobody@example.com").await;
        assert!(unknown[1].contains("makes no account"), "{unknown:?}");
        for email in KNOWN {
            assert_eq!(seen(&gate, email).await, unknown, "{email}");
        }
    }
}
