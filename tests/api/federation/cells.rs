//! Every provider in every situation: one table, so that no way in lacks what the others have.

use serde_json::{Value, json};

use super::connections::{PAGE, adds, removable};
use super::known::{github_user, iss};
use crate::support::gate::{Gate, refused};
use crate::support::upstream::{asked_with, back};
use crate::support::{Answer, Browser};

/// The shapes in which a provider says who somebody is; Amazon Cognito is an OpenID provider that writes
/// booleans as text.
const KINDS: [&str; 6] = ["google", "github", "discord", "facebook", "openid", "cognito"];

/// Somebody over there.
struct Person {
    number: u32,
    email: Option<&'static str>,
    verified: bool,
}

const ADA: Person = Person { number: 7, email: Some("ada@example.com"), verified: true };

fn connector(kind: &str) -> &str {
    if kind == "cognito" { "openid" } else { kind }
}

/// Whether this provider's word for an address counts.
fn vouches(kind: &str) -> bool {
    kind != "facebook"
}

/// Whether it says who answers (RFC 9207).
fn names_itself(kind: &str) -> bool {
    matches!(kind, "google" | "openid" | "cognito")
}

fn token_endpoint(kind: &str) -> String {
    if names_itself(kind) { "POST /token".to_owned() } else { format!("POST /{kind}/token") }
}

/// Has the provider say that `person` comes next; answers what its ID token holds, where it makes one.
fn says(gate: &Gate, kind: &str, person: &Person) -> Value {
    let Person { number, email, verified } = *person;
    let (id, login) = (number.to_string(), format!("ada.{number}"));
    match kind {
        "github" => {
            let user = github_user(&json!({"id": number, "login": format!("ada-{number}")}));
            gate.upstream.says("GET /github/api/user", 200, &user);
            let emails = email.map(|email| json!({"email": email, "primary": true, "verified": verified}));
            gate.upstream.says("GET /github/api/user/emails", 200, &json!(emails.into_iter().collect::<Vec<_>>()));
        }
        "discord" => {
            let user = json!({"id": id, "username": login, "discriminator": "0", "global_name": "Ada", "avatar": null,
                "email": email, "verified": verified});
            gate.upstream.says("GET /discord/api/users/@me", 200, &user);
        }
        "facebook" => {
            let mut me = json!({"id": id, "name": "Ada Example"});
            if let Some(email) = email {
                me["email"] = json!(email);
            }
            gate.upstream.says("GET /facebook/api/me", 200, &me);
        }
        _ => {}
    }
    let verified = if kind == "cognito" { json!(verified.to_string()) } else { json!(verified) };
    json!({"sub": id, "email": email, "email_verified": verified, "name": "Ada Example", "preferred_username": null})
}

/// The way back from `location` of whoever `claims` are of.
fn way_back(gate: &Gate, kind: &str, location: &str, claims: &Value) -> String {
    let back = gate.upstream.lets_in(location, claims);
    if names_itself(kind) { back } else { back.replace(&iss(gate), "") }
}

async fn enters(gate: &Gate, browser: &Browser, kind: &str, person: &Person) -> Answer {
    let claims = says(gate, kind, person);
    let location = gate.leaves(browser, connector(kind)).await;
    browser.open(&way_back(gate, kind, &location, &claims)).await
}

/// The same, being in then; whoever is new and vouched for by nobody says so.
async fn comes_in(gate: &Gate, kind: &str, person: &Person) {
    let browser = Browser::at(&gate.server);
    let mut answer = enters(gate, &browser, kind, person).await;
    if answer.header("location").starts_with("/login/link/") {
        gate.registers(&browser, &answer).await;
        answer = enters(gate, &browser, kind, person).await;
    }
    assert_eq!(answer.header("location"), "/account/security", "{kind}: {answer:?}");
}

/// Holds that the page asks for the old way in, and whether it offers to make an account.
async fn asks_first(gate: &Gate, kind: &str, person: &Person, offers: bool) {
    let browser = Browser::at(&gate.server);
    let answer = enters(gate, &browser, kind, person).await;
    let page = answer.header("location");
    assert!(page.starts_with("/login/link/"), "{kind}: {answer:?}");
    assert_eq!(browser.open(page).await.expect(200).body.contains("I have none"), offers, "{kind}");
    assert!(!browser.is_signed_in().await, "{kind}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_098_each_provider_lets_in_again_is_connected_and_taken_away() {
    for kind in KINDS {
        let gate = Gate::open(&[]).await;
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up("ben@example.com").await;
        let id = async |email: &str| gate.app.users.by_email(email).await.expect("a read").map(|user| user.id);
        comes_in(&gate, kind, &ADA).await;
        let ada = id("ada@example.com").await.expect("an account");
        // Another address over there is the same person here.
        comes_in(&gate, kind, &Person { email: Some("moved@example.com"), ..ADA }).await;
        assert_eq!(gate.app.users.identities(ada).await.expect("a read").len(), 1, "{kind}");
        assert_eq!(id("moved@example.com").await, None, "{kind}");

        let second = Person { number: 8, email: Some("other@example.com"), verified: true };
        let ben = Browser::signed_in(&gate.server, "ben@example.com").await;
        let location = adds(&ben, connector(kind)).await;
        let claims = says(&gate, kind, &second);
        ben.open(&way_back(&gate, kind, &location, &claims)).await.expect(303);
        comes_in(&gate, kind, &second).await;
        assert_eq!(id("other@example.com").await, None, "{kind}: it is ben's");
        let only = removable(&ben).await.remove(0);
        ben.submit(PAGE, PAGE, &[("remove", &only)]).await.expect(303);
        comes_in(&gate, kind, &second).await;
        assert!(id("other@example.com").await.is_some(), "{kind}: somebody new again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_brings_in_only_whom_the_switches_let_in() {
    for kind in KINDS {
        let gate = Gate::open(&[("POSTERN_ALLOWED_EMAIL_DOMAINS", "example.com")]).await;
        gate.server.sign_up("operator@example.com").await;
        let stranger = Person { email: Some("ada@example.com.evil.example"), ..ADA };
        let missing = Person { email: None, ..ADA };
        let answer = enters(&gate, &Browser::at(&gate.server), kind, &missing).await;
        assert_eq!(refused(&answer), "email_missing", "{kind}");
        match vouches(kind) {
            true => {
                let answer = enters(&gate, &Browser::at(&gate.server), kind, &stranger).await;
                assert_eq!(refused(&answer), "forbidden", "{kind}");
            }
            false => asks_first(&gate, kind, &stranger, false).await,
        }
        let closed = [("ALLOW_SOCIAL_REGISTRATION", "false"), ("POSTERN_OPENID_REGISTRATION", "false")];
        let gate = Gate::open(&closed).await;
        gate.server.sign_up("operator@example.com").await;
        match vouches(kind) {
            true => {
                let answer = enters(&gate, &Browser::at(&gate.server), kind, &ADA).await;
                assert_eq!(refused(&answer), "registration_off", "{kind}");
            }
            false => asks_first(&gate, kind, &ADA, false).await,
        }
        let gate = Gate::open(&[]).await;
        gate.server.sign_up("operator@example.com").await;
        asks_first(&gate, kind, &Person { verified: false, ..ADA }, true).await;
        assert!(gate.who("ada@example.com").await.is_none(), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_that_stops_fails_or_is_slow_is_told_in_words() {
    for kind in KINDS {
        let gate = Gate::open(&[("POSTERN_OUTBOUND_TIMEOUT", "1s")]).await;
        let browser = Browser::at(&gate.server);
        let location = gate.leaves(&browser, connector(kind)).await;
        let state = asked_with(&location, "state");
        let own = gate.upstream.issuer.clone();
        let mut fields = vec![("error", "access_denied"), ("state", state.as_str())];
        fields.extend(names_itself(kind).then_some(("iss", own.as_str())));
        assert_eq!(refused(&browser.open(&back(&location, &fields)).await), "access_denied", "{kind}");

        let endpoint = token_endpoint(kind);
        gate.upstream.says(&endpoint, 503, &json!({}));
        assert_eq!(refused(&enters(&gate, &browser, kind, &ADA).await), "temporarily_unavailable", "{kind}");
        gate.upstream.says_text(&endpoint, 200, "text/html", "<html>It works!</html>");
        assert_eq!(refused(&enters(&gate, &browser, kind, &ADA).await), "provider_failed", "{kind}");

        let claims = says(&gate, kind, &ADA);
        let location = gate.leaves(&browser, connector(kind)).await;
        gate.upstream.falls_silent(true);
        let answer = browser.open(&way_back(&gate, kind, &location, &claims)).await;
        assert_eq!(refused(&answer), "temporarily_unavailable", "{kind}");
        assert!(gate.who("ada@example.com").await.is_none() && !browser.is_signed_in().await, "{kind}");
    }
}
