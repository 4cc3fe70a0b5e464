//! What is written down, and what is forgotten in time.

use std::collections::BTreeMap;
use std::time::Duration;

use entity::{UserId, audit_event, ban, invalidation, refresh_family, session};
use postern::jobs;
use postern::services::accounts::{Doer, NewBan};
use postern::services::users::email::Email;
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::support::relying_party::VERIFIER;
use crate::support::{App, Browser, CLIENT_SECRET, PASSWORD, SignedIn, TestServer, Tokens, each};

const DAY: Duration = Duration::from_secs(86_400);

/// How often each kind of event was counted.
async fn counts(server: &TestServer) -> BTreeMap<String, i64> {
    let rows = audit_event::Entity::find().all(server.app.database.read()).await.expect("the audit");
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.kind).or_default() += i64::from(row.count);
    }
    counts
}

#[tokio::test]
async fn sec_149_every_act_of_weight_is_written_down() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        server.register("Maren@example.com").await.expect(200);
        server.login("maren@example.com", "a wrong password").await.expect(401);
        let second = SignedIn::from(&server.refresh(&first.refresh_token).await);
        server.pass(Duration::from_secs(11));
        server.refresh(&second.refresh_token).await.expect(200);
        server.pass(Duration::from_secs(11));
        server.refresh(&first.refresh_token).await.expect(401);
        let here = server.sign_in("maren@example.com").await;
        server.logout(&here.token).await.expect(200);
        let browser = Browser::signed_in(server, "maren@example.com").await;
        let fields = [("current_password", PASSWORD), ("password", "plain lantern orchard six")];
        browser.submit("/account/security", "/account/security", &fields).await.expect(303);
        browser.submit("/account/name", "/account/name", &[("name", "Maren O.")]).await.expect(303);
        let id = server.app.users.by_email("maren@example.com").await.expect("a database").expect("a person").id;
        server.sign_up("admin@example.com").await;
        let accounts = &server.app.accounts;
        let roles = entity::Names::new(["admin", "moderator"]);
        accounts.set_roles(id, Some(roles), None, Doer::command()).await.expect("roles");
        accounts.ban(id, NewBan { lasts: None, reason: None }, Doer::command()).await.expect("banned");
        server.login("maren@example.com", "plain lantern orchard six").await.expect(403);
        accounts.unban(id, Doer::command()).await.expect("free");
        let guess = [("current_password", "a wrong password"), ("password", PASSWORD)];
        let browser = Browser::at(server);
        browser.sign_in("maren@example.com", "plain lantern orchard six").await.expect(303);
        browser.submit("/account/security", "/account/security", &guess).await.expect(400);
        run_commands(server, id).await;

        let counts = counts(server).await;
        for (kind, least) in [
            ("user.created", 2),
            ("registration.repeated", 1),
            ("sign_in", 3),
            ("sign_in.refused", 2),
            ("refresh.replayed", 1),
            ("sign_out", 1),
            ("user.password_changed", 1),
            ("user.password_change_refused", 1),
            ("user.changed", 1),
            ("user.email_verified", 1),
            ("user.roles_changed", 1),
            ("user.banned", 1),
            ("user.unbanned", 1),
            ("user.disabled", 1),
            ("user.enabled", 1),
            ("user.deleted", 1),
            ("admin.recovered", 1),
        ] {
            assert!(counts.get(kind).copied().unwrap_or_default() >= least, "{kind}: {counts:?}");
        }
    })
    .await;
}

/// Whoever holds a copy of what a client was given is seen by where they come from.
#[tokio::test]
async fn sec_149_the_end_of_a_grant_is_written_down_with_where_it_came_from() {
    const OFFLINE: &[(&str, &str)] = &[("scope", "openid offline_access")];
    each(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")], async |server: &TestServer| {
        let email = "maren@example.com";
        server.sign_up(email).await;
        let app = App::at(server, "app");
        let browser = Browser::at(server);
        let from = async |address: &str, path: &str, fields: &[(&str, &str)]| {
            let request = server.request(Method::POST, path).basic_auth(app.id, Some(CLIENT_SECRET));
            server.send(request.header("x-forwarded-for", address).form(fields)).await
        };
        let code = app.code(&browser, email, OFFLINE).await;
        let spent = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", app.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        from("192.0.2.1", "/oauth2/token", &spent).await.expect(200);
        from("192.0.2.2", "/oauth2/token", &spent).await.expect(400);

        let code = app.code(&browser, email, OFFLINE).await;
        let stolen = Tokens::from(&app.exchange(&code).await).refresh.expect("a refresh token");
        let mut newest = stolen.clone();
        for _ in 0..2 {
            server.pass(Duration::from_secs(60));
            newest = Tokens::from(&app.refresh(&newest).await).refresh.expect("the next one");
        }
        server.pass(Duration::from_secs(60));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", stolen.as_str())];
        from("192.0.2.3", "/oauth2/token", &refresh).await.expect(400);

        for (place, kind) in [("192.0.2.4", "refresh"), ("192.0.2.5", "access")] {
            let tokens = Tokens::from(&app.exchange(&app.code(&browser, email, OFFLINE).await).await);
            let token = if kind == "refresh" { tokens.refresh.expect("one") } else { tokens.access };
            from(place, "/oauth2/revoke", &[("token", &token)]).await.expect(200);
        }

        let kinds = ["code.replayed", "refresh.replayed", "token.revoked"];
        let rows = audit_event::Entity::find().filter(audit_event::Column::Kind.is_in(kinds));
        let rows = rows.all(server.app.database.read()).await.expect("the audit");
        let mut told: Vec<_> =
            rows.iter().map(|row| (row.address.as_deref().unwrap_or_default(), &*row.kind)).collect();
        told.sort_unstable();
        let expected = [
            ("192.0.2.2", "code.replayed"),
            ("192.0.2.3", "refresh.replayed"),
            ("192.0.2.4", "token.revoked"),
            ("192.0.2.5", "token.revoked"),
        ];
        assert_eq!(told, expected);
        assert!(rows.iter().all(|row| row.request_id.is_some() && row.detail.contains("\"app\"")), "{rows:?}");
    })
    .await;
}

/// What an operator does to the account of `person` from the shell, until it is gone.
async fn run_commands(server: &TestServer, person: UserId) {
    let accounts = &server.app.accounts;
    accounts.verify_email(person, Doer::command()).await.expect("verified");
    accounts.disable(person, Doer::command()).await.expect("disabled");
    accounts.enable(person, Doer::command()).await.expect("enabled");
    let (email, hash) = (Email::parse("maren@example.com").expect("an address"), "not a hash".to_owned());
    accounts.recover_admin(email, hash, Doer::command()).await.expect("an administrator");
    accounts.delete(person, Doer::command()).await.expect("gone");
}

/// Whoever guesses the present password in a stolen session is seen, in a row for each minute and network.
#[tokio::test]
async fn sec_149_a_wrong_present_password_is_written_down() {
    each(&[], async |server: &TestServer| {
        server.sign_up("maren@example.com").await;
        let browser = Browser::signed_in(server, "maren@example.com").await;
        let id = server.app.users.by_email("maren@example.com").await.expect("a database").expect("a person").id;
        let guess = [("current_password", "a wrong password"), ("password", "plain lantern orchard six")];
        for _ in 0..3 {
            browser.submit("/account/security", "/account/security", &guess).await.expect(400);
        }
        let rows = audit_event::Entity::find().filter(audit_event::Column::Kind.eq("user.password_change_refused"));
        let rows = rows.all(server.app.database.read()).await.expect("the audit");
        let [row] = rows.as_slice() else { panic!("one row: {rows:?}") };
        assert_eq!((row.count, row.user_id, row.actor.as_deref()), (3, Some(id), Some(id.to_string().as_str())));
        assert_eq!(row.address.as_deref(), Some("127.0.0.1"));
        assert!(!row.detail.contains("password"), "{row:?}");
    })
    .await;
}

/// A stranger fills no table: failures are summed by minute, network and account.
#[tokio::test]
async fn sec_146_sec_149_failures_of_strangers_are_summed() {
    each(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")], async |server: &TestServer| {
        let fail = async |address: &str, email: &str| {
            let body = serde_json::json!({"email": email, "password": "a wrong password"});
            let request = server.request(reqwest::Method::POST, "/api/auth/login").header("x-forwarded-for", address);
            server.send(request.json(&body)).await.expect(401);
        };
        for _ in 0..5 {
            fail("192.0.2.1", "a@example.com").await;
        }
        fail("192.0.2.2", "a@example.com").await;
        fail("192.0.2.1", "b@example.com").await;
        server.pass(Duration::from_secs(60));
        fail("192.0.2.1", "a@example.com").await;
        let rows = audit_event::Entity::find().all(server.app.database.read()).await.expect("the audit");
        // The start made the signing keys.
        let by_strangers = rows.iter().filter(|row| !row.kind.starts_with("key."));
        let mut sums: Vec<_> = by_strangers.map(|row| row.count).collect();
        sums.sort_unstable();
        assert_eq!(sums, [1, 1, 1, 5]);
    })
    .await;
}

#[tokio::test]
async fn sec_146_what_has_expired_is_swept() {
    // Keys that take turns would go on writing rows.
    each(&[("POSTERN_SIGNING_KEY_ROTATION", "0")], async |server: &TestServer| {
        for number in 0..5 {
            let email = format!("person{number}@example.com");
            server.newcomer(&email).await;
            Browser::signed_in(server, &email).await;
            let id = server.app.users.by_email(&email).await.expect("a database").expect("a person").id;
            let hour = NewBan { lasts: Some(Duration::from_secs(3600)), reason: None };
            server.sign_up(&format!("other{number}@example.com")).await;
            server.sign_in(&format!("other{number}@example.com")).await;
            if number > 2 {
                server.app.accounts.ban(id, hour, Doer::command()).await.expect("banned");
            }
        }
        let rows = async || {
            let db = server.app.database.read();
            [
                session::Entity::find().count(db).await.expect("a count"),
                refresh_family::Entity::find().count(db).await.expect("a count"),
                ban::Entity::find().count(db).await.expect("a count"),
                invalidation::Entity::find().count(db).await.expect("a count"),
                audit_event::Entity::find().count(db).await.expect("a count"),
            ]
        };
        let before = rows().await;
        assert!(before.iter().all(|count| *count > 0), "{before:?}");
        jobs::run_due(&server.app).await;
        assert_eq!(rows().await, before, "nothing has expired yet");
        server.pass(31 * DAY);
        jobs::run_due(&server.app).await;
        let after = rows().await;
        assert_eq!(after[..4], [0, 0, 0, 0]);
        assert_eq!(after[4], before[4], "the audit is kept for a year");
        server.pass(366 * DAY);
        jobs::run_due(&server.app).await;
        assert_eq!(rows().await, [0; 5]);
    })
    .await;
}
