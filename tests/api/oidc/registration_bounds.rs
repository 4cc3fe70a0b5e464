//! Clients that register themselves: how often strangers may try, how many are kept, for how long and as what.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::registration_kept::{ADA, change, knows, let_in};
use crate::support::device::{DEVICE_GRANT, Device};
use crate::support::self_made::{OPEN, REGISTER, TOKEN, metadata};
use crate::support::{Answer, Browser, SelfMade, TestServer, each};

/// The tests' own machine is the trusted proxy.
const OPEN_BEHIND: &[(&str, &str)] =
    &[("POSTERN_DYNAMIC_REGISTRATION", "open"), ("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")];
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn sec_124_wrong_registration_tokens_are_counted() {
    let server = TestServer::start(OPEN_BEHIND).await;
    let notes = SelfMade::unasked(&server, &[]).await;
    let show = async |from: &str, token: &str| {
        let request = server.request(Method::GET, &format!("/oauth2/register/{}", notes.app.id)).bearer_auth(token);
        server.send(request.header("x-forwarded-for", from)).await
    };
    for _ in 0..30 {
        show("192.0.2.1", "pst_ra_wrong").await.expect(401);
        let register = server.request(Method::POST, "/oauth2/register").bearer_auth("pst_ia_wrong");
        server.send(register.header("x-forwarded-for", "192.0.2.1").json(&metadata(&[]))).await.expect(401);
    }
    assert_eq!(show("192.0.2.1", "pst_ra_wrong").await.expect(429).header("retry-after"), "60");
    show("192.0.2.2", &notes.token).await.expect(200);
    server.pass(Duration::from_secs(60));
    show("192.0.2.1", &notes.token).await.expect(200);
    for change_number in 0..20 {
        let name = json!(format!("Notes {change_number}"));
        notes.manage(Method::PUT, Some(&change(&notes, &[("client_name", name)]))).await.expect(200);
    }
    notes.manage(Method::PUT, Some(&change(&notes, &[]))).await.expect(429);
    server.stop().await;
}

#[tokio::test]
async fn sec_065_sec_146_strangers_register_so_many_and_no_more() {
    let server = TestServer::start(OPEN_BEHIND).await;
    let register = async |from: &str| {
        let request = server.request(Method::POST, "/oauth2/register").json(&metadata(&[]));
        server.send(request.header("x-forwarded-for", from)).await
    };
    for _ in 0..20 {
        register("2001:db8:1:2::1").await.expect(201);
    }
    let refused = register("2001:db8:1:2::ffff").await.expect(429);
    assert_eq!((refused.text("error").as_str(), refused.header("retry-after")), ("temporarily_unavailable", "3600"));
    for network in 0..49 {
        for _ in 0..20 {
            register(&format!("198.51.100.{network}")).await.expect(201);
        }
    }
    let refused = register("203.0.113.9").await.expect(429);
    assert_eq!(refused.header("retry-after"), "86400");
    // Another node counts anew, and finds the places taken.
    let other = server.another_node(OPEN_BEHIND).await;
    other.register_client(None, &metadata(&[])).await.expect(429);
    // Who was asked to come gets in.
    let token = server.initial_token(1).await;
    server.register_client(Some(&token), &metadata(&[])).await.expect(201);
    server.pass(DAY);
    postern::jobs::run_due(&server.app).await;
    let left = server.app.clients.list().await.expect("a list");
    assert_eq!(left.iter().filter(|client| client.is_unvouched()).count(), 1);
    register("203.0.113.9").await.expect(201);
    other.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn sec_146_whom_nobody_lets_in_is_forgotten_after_a_day() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let (used, unused) = (SelfMade::unasked(server, &[]).await, SelfMade::unasked(server, &[]).await);
        let tokens = let_in(&browser, &used).await;
        assert!(knows(server, &unused).await);
        server.pass(DAY - Duration::from_millis(1));
        assert!(knows(server, &unused).await && knows(server, &used).await);
        server.pass(Duration::from_millis(1));
        // Before anybody has looked for it, and after.
        for _ in 0..2 {
            assert!(knows(server, &used).await && !knows(server, &unused).await);
            unused.manage(Method::GET, None).await.expect(401);
            browser.open(&unused.app.request(&[])).await.expect(400);
            postern::jobs::run_due(&server.app).await;
        }
        used.manage(Method::GET, None).await.expect(200);
        assert!(!tokens.access.is_empty());
    })
    .await;
}

/// Ada takes back what she allowed `client`.
async fn take_back(browser: &Browser, client: &SelfMade) {
    browser.submit("/account/apps", "/account/apps", &[("end", client.app.id)]).await.expect(303);
}

#[tokio::test]
async fn sec_146_whom_nobody_uses_any_more_is_forgotten_after_ninety_days() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let (kept, left) = (SelfMade::unasked(server, &[]).await, SelfMade::unasked(server, &[]).await);
        let back = SelfMade::unasked(server, &[]).await;
        for client in [&kept, &left, &back] {
            let_in(&browser, client).await;
        }
        // One that came with a token and was never used.
        let token = server.initial_token(1).await;
        let never = SelfMade::of(server, &server.register_client(Some(&token), &metadata(&[])).await);
        for client in [&left, &back] {
            take_back(&browser, client).await;
        }
        server.pass(DAY);
        for _ in 0..2 {
            postern::jobs::run_due(&server.app).await;
            assert!(knows(server, &left).await && knows(server, &never).await, "it may come back");
        }
        let_in(&browser, &back).await;
        server.pass(90 * DAY - Duration::from_millis(1));
        assert!(knows(server, &left).await && knows(server, &never).await);
        server.pass(Duration::from_millis(1));
        for _ in 0..2 {
            assert!(knows(server, &kept).await && knows(server, &back).await, "consent stands");
            assert!(!knows(server, &left).await && !knows(server, &never).await);
            left.manage(Method::GET, None).await.expect(401);
            postern::jobs::run_due(&server.app).await;
        }
        let rows = server.app.clients.list().await.expect("a list");
        assert_eq!(rows.iter().filter(|client| client.is_unvouched()).count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_machine_that_works_is_no_idle_registration() {
    each(TOKEN, async |server| {
        let token = server.initial_token(1).await;
        let machine = metadata(&[("grant_types", json!(["client_credentials"])), ("redirect_uris", json!([]))]);
        let machine = SelfMade::of(server, &server.register_client(Some(&token), &machine).await);
        for _ in 0..4 {
            machine.call("/oauth2/token", &[("grant_type", "client_credentials")]).await.expect(200);
            postern::jobs::run_due(&server.app).await;
            server.pass(89 * DAY);
        }
        assert!(knows(server, &machine).await);
        server.pass(DAY);
        assert!(!knows(server, &machine).await);
    })
    .await;
}

/// Whether `client` waits for somebody to use it.
async fn waits(server: &TestServer, client: &SelfMade) -> bool {
    let found = server.app.clients.find(&entity::ClientId::new(client.app.id)).await.expect("a read");
    found.expect("it is known").expires_at.is_some()
}

/// What a device holds is no consent, and counts all the same.
#[tokio::test]
async fn a_device_that_was_let_in_keeps_its_registration() {
    each(TOKEN, async |server| {
        server.sign_up(ADA).await;
        let (token, browser) = (server.initial_token(1).await, Browser::signed_in(server, ADA).await);
        let device = metadata(&[("grant_types", json!([DEVICE_GRANT])), ("redirect_uris", json!([]))]);
        let device = SelfMade::of(server, &server.register_client(Some(&token), &device).await);
        server.pass(DAY);
        postern::jobs::run_due(&server.app).await;
        assert!(waits(server, &device).await);
        let begun = device.call("/oauth2/device_authorization", &[("scope", "openid")]).await.expect(200);
        let codes = Device { code: begun.text("device_code"), user_code: begun.text("user_code") };
        browser.let_in(&codes).await;
        device.call("/oauth2/token", &[("grant_type", DEVICE_GRANT), ("device_code", &codes.code)]).await.expect(200);
        postern::jobs::run_due(&server.app).await;
        assert!(!waits(server, &device).await);
        server.pass(DAY);
        postern::jobs::run_due(&server.app).await;
        assert!(waits(server, &device).await, "what it held has ended");
    })
    .await;
}

#[tokio::test]
async fn sec_145_sec_069_what_opens_for_a_registered_client_is_kept_as_hashes() {
    use sea_orm::EntityTrait;
    each(TOKEN, async |server| {
        let initial = server.initial_token(2).await;
        let notes = SelfMade::of(server, &server.register_client(Some(&initial), &metadata(&[])).await);
        let database = server.app.database.read();
        let clients = entity::client::Entity::find().all(database).await.expect("rows");
        let tokens = entity::initial_access_token::Entity::find().all(database).await.expect("rows");
        let events = entity::audit_event::Entity::find().all(database).await.expect("rows");
        let dump = format!("{clients:?}{tokens:?}{events:?}");
        assert!(dump.contains(notes.app.id));
        for secret in [initial, notes.token.clone(), notes.secret.clone().expect("a secret")] {
            assert!(!dump.contains(&secret[7..]), "{secret}");
        }
        // The operator's commands know it, and end it.
        let id = entity::ClientId::new(notes.app.id);
        let actor = || postern::services::audit::Actor::Command;
        server.app.clients.rotate_secret(&id, Duration::ZERO, actor()).await.expect("rotated");
        server.app.grants.remove_client(&server.app.clients, &id, actor()).await.expect("removed");
        notes.manage(Method::GET, None).await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn sec_130_any_page_may_register_a_client_and_look_after_it() {
    let below = ("POSTERN_URL", "http://localhost:3081/auth");
    let server = TestServer::start(&[below, ("POSTERN_DYNAMIC_REGISTRATION", "open")]).await;
    let preflight = async |server: &TestServer, path: &str| {
        let request = server.request(Method::OPTIONS, path).header("origin", "https://spa.example");
        let request = request.header("access-control-request-method", "PUT");
        server.send(request.header("access-control-request-headers", "authorization, content-type")).await
    };
    let is_open = |answer: &Answer| {
        answer.header("access-control-allow-origin") == "*"
            && answer.header("access-control-allow-credentials").is_empty()
    };
    let made = server.register_client(None, &metadata(&[])).await.expect(201);
    let notes = SelfMade::of(&server, &made);
    assert!(is_open(&made) && is_open(&server.register_client(Some("x"), &metadata(&[])).await.expect(401)));
    let own = format!("{REGISTER}/{}", notes.app.id);
    for (path, methods) in [(REGISTER, "POST"), (own.as_str(), "GET, PUT, DELETE")] {
        let asked = preflight(&server, path).await.expect(204);
        assert!(is_open(&asked), "{asked:?}");
        assert_eq!(asked.header("access-control-allow-methods"), methods);
        assert_eq!(asked.header("access-control-allow-headers"), "Authorization, Content-Type");
    }
    assert!(is_open(&notes.manage(Method::GET, None).await.expect(200)));
    assert!(is_open(&server.manage(Method::GET, notes.app.id, "x", None).await.expect(401)));
    assert!(is_open(&notes.manage(Method::DELETE, None).await.expect(204)));
    for path in ["/oauth2/registers", "/oauth2/register/", "/oauth2/register/a/b"] {
        let answer = preflight(&server, path).await.expect(404);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    server.stop().await;

    let server = TestServer::start(&[]).await;
    for path in [REGISTER, "/oauth2/register/x"] {
        let answer = preflight(&server, path).await.expect(404);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    server.stop().await;
}
