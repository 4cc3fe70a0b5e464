//! Device codes and the short codes that people type: hard to guess, short-lived, used once.

use std::time::Duration;

use entity::device_code::Entity;
use postern::services::accounts::{Doer, NewBan};
use reqwest::header::HeaderName;
use sea_orm::EntityTrait;

use crate::support::device::DEVICE_GRANT;
use crate::support::{Answer, App, Browser, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[tokio::test]
async fn sec_064_codes_are_long_and_kept_as_hashes() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        let begun = tv.begin_device(&[("scope", "openid reports"), ("resource", "")]).await.expect(200);
        assert_eq!(begun.header("cache-control"), "no-store");
        let body = begun.json();
        assert_eq!((&body["expires_in"], &body["interval"]), (&600.into(), &5.into()));
        let (code, user_code) = (begun.text("device_code"), begun.text("user_code"));
        assert_eq!(code.strip_prefix("pst_dc_").map(str::len), Some(43), "256 bits");
        let letters: Vec<char> = user_code.chars().filter(|it| *it != '-').collect();
        assert!(letters.len() == 8 && letters.iter().all(|it| "BCDFGHJKLMNPQRSTVWXZ".contains(*it)), "{user_code}");
        let rows = Entity::find().all(server.app.database.read()).await.expect("rows");
        let kept = format!("{rows:?}");
        assert!(rows.len() == 1 && !kept.contains(&code[7..]) && !kept.contains(&user_code), "{kept}");
        assert_eq!(rows[0].scope, entity::Names::new(["openid"]), "cut to what the client may");
    })
    .await;
}

#[tokio::test]
async fn sec_064_a_device_code_is_for_one_client_and_one_use() {
    each(&[], async |server| {
        let (tv, deck) = (App::at(server, "tv"), App::at(server, "deck"));
        server.sign_up(ADA).await;
        let (device, browser) = (tv.device("openid").await, Browser::signed_in(server, ADA).await);
        browser.let_in(&device).await;
        App::expect_refusal(&deck.poll(&device).await, "invalid_grant");
        let polls = (0..20).map(|_| {
            let (tv, device) = (tv.clone(), device.clone());
            tokio::spawn(async move { tv.poll(&device).await })
        });
        let mut tokens = Vec::new();
        for poll in polls.collect::<Vec<_>>() {
            match poll.await.expect("an answer") {
                answer if answer.status == 200 => tokens.push(Tokens::from(&answer)),
                answer => App::expect_refusal(&answer, "invalid_grant"),
            }
        }
        assert_eq!(tokens.len(), 1);
        App::expect_refusal(&tv.poll(&device).await, "invalid_grant");
        assert!(server.is_active(&tokens[0].access).await, "the one that was first keeps what it got");
        let altered = crate::support::device::Device { code: format!("{}A", device.code), ..device };
        App::expect_refusal(&tv.poll(&altered).await, "invalid_grant");
        App::expect_refusal(&tv.token(&[("grant_type", DEVICE_GRANT)]).await, "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn sec_064_codes_die_after_ten_minutes_and_leave_no_row() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let (waits, allowed) = (tv.device("openid").await, tv.device("openid").await);
        let browser = Browser::signed_in(server, ADA).await;
        browser.let_in(&allowed).await;
        server.pass(Duration::from_secs(599));
        App::expect_refusal(&tv.poll(&waits).await, "authorization_pending");
        server.pass(Duration::from_secs(1));
        for device in [&waits, &allowed] {
            App::expect_refusal(&tv.poll(device).await, "expired_token");
        }
        browser.type_code(&waits.user_code).await.expect(400);
        postern::jobs::run_due(&server.app).await;
        App::expect_refusal(&tv.poll(&waits).await, "invalid_grant");
        assert!(Entity::find().all(server.app.database.read()).await.expect("rows").is_empty());
    })
    .await;
}

#[tokio::test]
async fn sec_064_whoever_asks_too_often_has_to_slow_down() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        let device = tv.device("openid").await;
        // Seconds that pass, and what is heard then: the interval grows by five with each haste.
        let steps = [
            (0, "authorization_pending"),
            (5, "authorization_pending"),
            (4, "slow_down"),
            (9, "slow_down"),
            (15, "authorization_pending"),
            (14, "slow_down"),
            (20, "authorization_pending"),
        ];
        for (seconds, heard) in steps {
            server.pass(Duration::from_secs(seconds));
            App::expect_refusal(&tv.poll(&device).await, heard);
        }
    })
    .await;
}

#[tokio::test]
async fn sec_016_sec_030_whoever_is_gone_before_the_device_asks_has_let_nobody_in() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let device = tv.device("openid").await;
        let browser = Browser::signed_in(server, ADA).await;
        browser.let_in(&device).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        App::expect_refusal(&tv.poll(&device).await, "access_denied");

        let device = tv.device("openid").await;
        Browser::signed_in(server, ADA).await.let_in(&device).await;
        let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
        server.app.accounts.ban(user.id, NewBan::default(), Doer::command()).await.expect("banned");
        App::expect_refusal(&tv.poll(&device).await, "access_denied");
        server.app.accounts.unban(user.id, Doer::command()).await.expect("lifted");
        App::expect_refusal(&tv.poll(&device).await, "access_denied");
    })
    .await;
}

/// Types a code from `network`.
async fn type_from(browser: &Browser, network: &'static str, code: &str) -> Answer {
    let token = browser.token("/device").await;
    let fields = [("user_code", code), ("csrf", token.as_str())];
    browser.post("/device", &fields, Some((FORWARDED_FOR, network))).await
}

#[tokio::test]
async fn sec_064_sec_124_five_wrong_codes_close_the_page_for_the_account_and_for_the_network() {
    let server = TestServer::start(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    let tv = App::at(&server, "tv");
    for email in [ADA, JONAS] {
        server.sign_up(email).await;
    }
    let (ada, jonas) = (Browser::signed_in(&server, ADA).await, Browser::signed_in(&server, JONAS).await);
    let device = tv.device("openid").await;
    for _ in 0..7 {
        type_from(&ada, "192.0.2.1", &device.user_code).await.expect(303);
    }
    for wrong in ["BBBB-BBBB", "", "no code at all", "BBBB-BBBC", "BBBB-BBBD"] {
        type_from(&ada, "192.0.2.1", wrong).await.expect(400);
    }
    let refused = type_from(&ada, "192.0.2.1", &device.user_code).await.expect(429);
    assert_eq!(refused.header("retry-after"), "600");
    type_from(&ada, "192.0.2.2", &device.user_code).await.expect(429);
    let again = Browser::signed_in(&server, ADA).await;
    type_from(&again, "192.0.2.2", &device.user_code).await.expect(429);
    type_from(&jonas, "192.0.2.1", &device.user_code).await.expect(429);
    type_from(&jonas, "192.0.2.3", &device.user_code).await.expect(303);
    server.pass(Duration::from_secs(600));
    type_from(&ada, "192.0.2.1", &tv.device("openid").await.user_code).await.expect(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_124_wrong_codes_at_the_same_instant_count_as_well() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let token = browser.token("/device").await;
    let tries = (0..30).map(|_| {
        let (browser, token) = (browser.clone(), token.clone());
        let fields = async move |browser: Browser, token: String| {
            browser.post("/device", &[("user_code", "BBBB-BBBB"), ("csrf", &token)], None).await.status
        };
        tokio::spawn(fields(browser, token))
    });
    let mut looked_up = 0;
    for one in tries.collect::<Vec<_>>() {
        looked_up += usize::from(one.await.expect("an answer") == 400);
    }
    assert_eq!(looked_up, 5);
}

#[tokio::test]
async fn sec_021_unknown_dead_and_used_codes_read_alike() {
    let server = TestServer::start(&[]).await;
    let tv = App::at(&server, "tv");
    server.sign_up(ADA).await;
    let dead = tv.device("openid").await;
    server.pass(Duration::from_secs(600));
    let (used, denied) = (tv.device("openid").await, tv.device("openid").await);
    let browser = Browser::signed_in(&server, ADA).await;
    browser.let_in(&used).await;
    let _ = Tokens::from(&tv.poll(&used).await);
    browser.type_code(&denied.user_code).await.expect(303);
    browser.decide(&denied.user_code, "cancel").await.expect(303);
    let mut seen = Vec::new();
    for code in ["BBBB-BBBB", &dead.user_code, &used.user_code, &denied.user_code] {
        let answer = browser.type_code(code).await.expect(400);
        seen.push(answer.comparable().replace(code, "CODE"));
    }
    assert!(seen[0].contains("CODE") && seen.iter().all(|it| *it == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn only_clients_with_the_grant_begin_and_only_so_many() {
    let server = TestServer::start(&[]).await;
    App::expect_refusal(&App::at(&server, "app").begin_device(&[("scope", "openid")]).await, "unauthorized_client");
    let (tv, deck) = (App::at(&server, "tv"), App::at(&server, "deck"));
    for scope in ["", "unknown"] {
        App::expect_refusal(&tv.begin_device(&[("scope", scope)]).await, "invalid_scope");
    }
    let foreign = [("scope", "openid"), ("resource", "https://files.example/")];
    App::expect_refusal(&deck.begin_device(&foreign).await, "invalid_target");
    for _ in 0..60 {
        tv.begin_device(&[("scope", "openid")]).await.expect(200);
    }
    let refused = tv.begin_device(&[("scope", "openid")]).await.expect(429);
    assert_eq!((refused.header("retry-after"), refused.text("error").as_str()), ("600", "temporarily_unavailable"));
    deck.begin_device(&[("scope", "openid")]).await.expect(200);
    server.pass(Duration::from_secs(600));
    tv.begin_device(&[("scope", "openid")]).await.expect(200);
}

#[tokio::test]
async fn sec_071_the_tokens_of_a_device_are_for_the_resources_that_it_asked_for() {
    let server = TestServer::start(&[]).await;
    let deck = App::at(&server, "deck");
    server.sign_up(ADA).await;
    let begun = deck.begin_device(&[("scope", "email"), ("resource", "https://api.example/")]).await.expect(200);
    let device = crate::support::device::Device { code: begun.text("device_code"), user_code: begun.text("user_code") };
    let browser = Browser::signed_in(&server, ADA).await;
    let asked = browser.type_code(&device.user_code).await.expect(303);
    let page = browser.open(asked.header("location")).await.expect(200).body;
    assert!(page.contains("act for you at another service") && page.contains("api.example"), "{page}");
    browser.let_in(&device).await;
    let ask = async |resource: &str| {
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", &device.code), ("resource", resource)];
        deck.token(&fields).await
    };
    App::expect_refusal(&ask("https://files.example/").await, "invalid_target");
    let answer = ask("https://api.example/").await.expect(200);
    let token = crate::support::relying_party::payload(&answer.text("access_token"));
    assert_eq!(token["aud"], "https://api.example/");
    assert!(answer.json().get("refresh_token").is_none(), "nobody granted offline_access");
}

#[tokio::test]
async fn discovery_names_the_grant_and_where_it_begins() {
    let server = TestServer::start(&[("POSTERN_URL", "https://auth.example.com/id")]).await;
    let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
    let address = "https://auth.example.com/id/oauth2/device_authorization";
    assert_eq!(document["device_authorization_endpoint"], address);
    let grants = document["grant_types_supported"].as_array().expect("a list");
    assert!(grants.contains(&DEVICE_GRANT.into()), "{document}");
    let begun = App::at(&server, "tv").begin_device(&[("scope", "openid")]).await.expect(200);
    assert_eq!(begun.text("verification_uri"), "https://auth.example.com/id/device");
}
