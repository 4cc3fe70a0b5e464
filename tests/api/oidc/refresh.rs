//! Refresh tokens of clients: the same rule for repeats as those of sessions.

use std::time::Duration;

use entity::{audit_event, refresh_family};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::relying_party::payload;
use crate::support::{App, Browser, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid profile email offline_access")];

#[tokio::test]
async fn a_refresh_brings_everything_anew_and_the_old_access_token_lives_on() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (_, first) = app.sign_in(ADA, OFFLINE).await;
        server.pass(Duration::from_secs(60));
        let second = Tokens::from(&app.refresh(first.refresh.as_deref().expect("a refresh token")).await);
        assert_ne!(second.refresh, first.refresh);
        let (old, new) = (payload(&first.id.expect("an ID token")), payload(&second.id.expect("an ID token")));
        for same in ["iss", "sub", "aud", "auth_time", "sid"] {
            assert_eq!(old[same], new[same], "{same}");
        }
        assert!(new["iat"].as_i64() > old["iat"].as_i64() && new.get("nonce").is_none());
        assert!(server.is_active(&first.access).await, "downstream services still hold it");
        assert!(server.is_active(&second.access).await);
    })
    .await;
}

#[tokio::test]
async fn sec_039_many_tabs_at_once_get_one_successor() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
        server.pass(Duration::from_secs(60));
        let token = tokens.refresh.expect("a refresh token");
        let tabs = (0..50).map(|_| {
            let (app, token) = (app.clone(), token.clone());
            tokio::spawn(async move { Tokens::from(&app.refresh(&token).await).refresh })
        });
        let mut successors = Vec::new();
        for tab in tabs.collect::<Vec<_>>() {
            successors.push(tab.await.expect("an answer"));
        }
        successors.dedup();
        assert_eq!(successors.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_039_fifty_refreshes_of_an_app_on_two_nodes_leave_one_family() {
    each(&[], async |one| {
        let two = one.another_node(&[]).await;
        one.sign_up(ADA).await;
        let (_, tokens) = App::at(one, "app").sign_in(ADA, OFFLINE).await;
        let first = tokens.refresh.expect("a refresh token");
        let asked = (0..50).map(|number| {
            let site = if number % 2 == 0 { &one.site } else { &two.site };
            let (app, token) = (App::at(site, "app"), first.clone());
            tokio::spawn(async move { Tokens::from(&app.refresh(&token).await) })
        });
        let mut got = Vec::new();
        for one in asked.collect::<Vec<_>>() {
            got.push(one.await.expect("an answer"));
        }
        let next = got[0].refresh.clone().expect("the next one");
        assert!(next != first && got.iter().all(|it| it.refresh.as_ref() == Some(&next)), "{got:?}");
        let families = refresh_family::Entity::find().all(one.app.database.read()).await.expect("rows");
        assert_eq!((families.len(), families[0].generation), (1, 1), "{families:?}");
        for node in [one, &two] {
            for token in [&got[0].access, &got[49].access, &next] {
                assert!(node.is_active(token).await);
            }
            assert!(!node.is_active(&first).await);
        }
        two.stop().await;
    })
    .await;
}

#[tokio::test]
async fn sec_040_a_stolen_refresh_token_ends_its_grant_and_nothing_else() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (browser, first) = app.sign_in(ADA, OFFLINE).await;
        let stolen = first.refresh.expect("a refresh token");
        let mut newest = stolen.clone();
        for _ in 0..2 {
            server.pass(Duration::from_secs(60));
            newest = Tokens::from(&app.refresh(&newest).await).refresh.expect("the next one");
        }
        server.pass(Duration::from_secs(60));
        assert_eq!(app.refresh(&stolen).await.text("error"), "invalid_grant");
        assert_eq!(app.refresh(&newest).await.text("error"), "invalid_grant", "the family is dead");
        assert!(!server.is_active(&first.access).await);
        assert!(browser.is_signed_in().await, "the person's own session is not the client's to lose");
        let told = audit_event::Column::Kind.eq("refresh.replayed");
        let told = audit_event::Entity::find().filter(told).all(server.app.database.read()).await.expect("the audit");
        assert!(told.len() == 1 && told[0].detail.contains("\"app\""), "it is told of once: {told:?}");
    })
    .await;
}

#[tokio::test]
async fn sec_038_sec_041_a_refresh_token_is_its_clients_alone() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let session = server.newcomer(ADA).await;
    let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
    let refresh = tokens.refresh.expect("a refresh token");
    let refused = async |app: &App, token: &str| {
        let answer = app.refresh(token).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{answer:?}");
    };
    refused(&App::at(&server, "lax"), &refresh).await;
    refused(&app, &format!("{refresh}x")).await;
    refused(&app, &refresh[..refresh.len() - 2]).await;
    refused(&app, &tokens.access).await;
    refused(&app, tokens.id.as_deref().expect("an ID token")).await;
    refused(&app, &session.refresh_token).await;
    // Nor is it one of the session API.
    assert_eq!(server.refresh(&refresh).await.status, 401);
    assert_eq!(server.refresh(&session.refresh_token).await.status, 200);
    let _ = Tokens::from(&app.refresh(&refresh).await);
}

#[tokio::test]
async fn sec_044_narrower_is_for_once_and_wider_is_refused() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
    let refresh = tokens.refresh.expect("a refresh token");
    let ask = async |scope: &str| {
        app.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", scope)]).await
    };
    assert_eq!(ask("openid roles").await.text("error"), "invalid_scope");
    let narrow = ask("openid").await.expect(200);
    assert_eq!(narrow.text("scope"), "openid");
    let person = app.userinfo(&narrow.text("access_token")).await.expect(200).json();
    assert!(person.get("email").is_none(), "{person}");
    assert_eq!(ask("").await.expect(200).text("scope"), "openid profile email offline_access");
    // The whole scope again, and an audience that nobody knows, as LibreChat sends.
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("scope", "openid profile email offline_access"),
        ("audience", "anything"),
    ];
    app.token(&fields).await.expect(200);
}

#[tokio::test]
async fn sec_030_sec_016_sec_043_logout_and_ban_end_it_expiry_of_the_session_does_not() {
    each(&[("POSTERN_BROWSER_SESSION_IDLE", "1h"), ("POSTERN_BROWSER_SESSION_MAX", "2h")], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
        let (browser, short) = app.sign_in(ADA, &[]).await;
        server.pass(Duration::from_secs(3 * 3600));
        postern::jobs::run_due(&server.app).await;
        assert!(!browser.is_signed_in().await);
        let living = Tokens::from(&app.refresh(tokens.refresh.as_deref().expect("a refresh token")).await);
        assert!(server.is_active(&living.access).await, "offline_access outlives the session");
        assert!(!server.is_active(&short.access).await);

        let (browser, tokens) = app.sign_in(ADA, OFFLINE).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert!(!server.is_active(&tokens.access).await);
        assert_eq!(app.refresh(tokens.refresh.as_deref().expect("one")).await.text("error"), "invalid_grant");

        let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
        let doer = postern::services::accounts::Doer::command();
        server.app.accounts.ban(user.id, Default::default(), doer).await.expect("banned");
        assert!(!server.is_active(&living.access).await);
        assert_eq!(app.refresh(living.refresh.as_deref().expect("one")).await.text("error"), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn sec_042_no_refresh_goes_past_the_end() {
    let server = TestServer::start(&[("REFRESH_TOKEN_EXPIRY", "7200000")]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::at(&server);
    let code = app.code(&browser, ADA, OFFLINE).await;
    let mut token = Tokens::from(&app.exchange(&code).await).refresh.expect("a refresh token");
    for _ in 0..2 {
        server.pass(Duration::from_secs(3000));
        token = Tokens::from(&app.refresh(&token).await).refresh.expect("the next one");
    }
    server.pass(Duration::from_secs(1201));
    assert_eq!(app.refresh(&token).await.text("error"), "invalid_grant");
}

/// Whoever holds a browser session could keep a client in for ever by one code after the other.
#[tokio::test]
async fn sec_042_the_life_counts_from_the_sign_in_and_not_from_the_code() {
    each(&[("REFRESH_TOKEN_EXPIRY", "7200000")], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (browser, _) = app.sign_in(ADA, OFFLINE).await;
        server.pass(Duration::from_secs(3600));
        let late = Tokens::from(&app.exchange(&app.code(&browser, ADA, OFFLINE).await).await);
        server.pass(Duration::from_secs(3599));
        let late = Tokens::from(&app.refresh(&late.refresh.expect("a refresh token")).await);
        server.pass(Duration::from_secs(1));
        assert_eq!(app.refresh(&late.refresh.expect("the next one")).await.text("error"), "invalid_grant");

        server.pass(Duration::from_secs(1));
        // The session goes on, and gives nothing to refresh any more until its person is here again.
        assert!(browser.is_signed_in().await);
        let silent = app.answered(&app.follow(&browser, &app.request(&[OFFLINE[0], ("prompt", "none")])).await);
        assert_eq!(silent["error"], "login_required");
        let silent = app.answered(&app.follow(&browser, &app.request(&[("prompt", "none")])).await);
        assert!(silent.contains_key("code"), "{silent:?}");
        let page = app.follow(&browser, &app.request(OFFLINE)).await.expect(200);
        assert!(page.body.contains("name=\"password\""), "{}", page.body);
        let fresh = Tokens::from(&app.exchange(&app.code(&browser, ADA, OFFLINE).await).await);
        server.pass(Duration::from_secs(7199));
        let _ = Tokens::from(&app.refresh(&fresh.refresh.expect("a refresh token")).await);
    })
    .await;
}

#[tokio::test]
async fn sec_042_a_sign_in_again_counts_for_what_is_granted_after_it_alone() {
    each(&[("REFRESH_TOKEN_EXPIRY", "7200000")], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (browser, before) = app.sign_in(ADA, OFFLINE).await;
        server.pass(Duration::from_secs(3600));
        let code = app.code(&browser, ADA, &[OFFLINE[0], ("prompt", "login")]).await;
        let after = Tokens::from(&app.exchange(&code).await);
        let sid = |tokens: &Tokens| payload(tokens.id.as_deref().expect("an ID token"))["sid"].clone();
        assert_eq!(sid(&before), sid(&after), "one session");
        let before = before.refresh.expect("a refresh token");
        server.pass(Duration::from_secs(3599));
        let before = Tokens::from(&app.refresh(&before).await).refresh.expect("the next one");
        server.pass(Duration::from_secs(1));
        assert_eq!(app.refresh(&before).await.text("error"), "invalid_grant");
        let after = Tokens::from(&app.refresh(&after.refresh.expect("a refresh token")).await);
        server.pass(Duration::from_secs(3600));
        assert_eq!(app.refresh(&after.refresh.expect("the next one")).await.text("error"), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn the_life_of_an_access_token_is_what_its_answer_says() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    for id in ["app", "opaque"] {
        let app = App::at(&server, id);
        let browser = Browser::at(&server);
        let code = app.code(&browser, ADA, OFFLINE).await;
        // Not at the beginning of a second.
        server.pass(Duration::from_millis(1300));
        let first = app.exchange(&code).await.expect(200);
        server.pass(Duration::from_millis(1450));
        let second = app.refresh(&first.text("refresh_token")).await.expect(200);
        for answer in [first, second] {
            let seen = server.introspect(&answer.text("access_token")).await;
            let life = seen["exp"].as_i64().expect("an end") - seen["iat"].as_i64().expect("a beginning");
            assert_eq!((answer.json()["expires_in"].as_i64(), life), (Some(900), 900), "{seen}");
        }
    }
}
