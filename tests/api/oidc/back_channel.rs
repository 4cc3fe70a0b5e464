//! Back-channel logout: whoever ends a session, the apps that took part hear of it, once.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::outbox;
use postern::services::accounts::{Doer, NewBan};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::patience::until;
use crate::support::receiver::{Heard, Receiver};
use crate::support::relying_party::payload;
use crate::support::{App, Browser, PASSWORD, Settings, TestServer, Tokens, kinds};

pub(super) const ADA: &str = "ada@fernwood.example";
const BOB: &str = "bob@fernwood.example";
pub(super) const NEAR: (&str, &str) = ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8");
pub(super) const FELT: Duration = Duration::from_secs(60);

/// Runs `test` on each kind of database, with apps that are told at a receiver.
pub(super) async fn each(settings: Settings<'_>, test: impl AsyncFn(&TestServer, &Receiver)) {
    for kind in kinds() {
        let (receiver, folder) = (Receiver::start().await, TempDir::new().expect("a folder"));
        let file = receiver.clients_file(folder.path());
        let settings = [&[("POSTERN_CLIENTS_FILE", file.as_str())], settings].concat();
        let server = TestServer::on(&kind, &settings).await;
        test(&server, &receiver).await;
        server.remove().await;
    }
}

pub(super) async fn user(server: &TestServer, email: &str) -> entity::UserId {
    server.app.users.by_email(email).await.expect("a read").expect("a person").id
}

pub(super) async fn waiting(server: &TestServer) -> Vec<outbox::Model> {
    outbox::Entity::find().all(server.app.database.read()).await.expect("a read")
}

pub(super) fn sid(tokens: &Tokens) -> Value {
    payload(tokens.id.as_deref().expect("an ID token"))["sid"].clone()
}

/// The claims of a logout token, checked as section 2.6 has it.
pub(super) async fn checked(server: &TestServer, app: &App, heard: &Heard) -> Value {
    let token = heard.token();
    assert_eq!(heard.app, app.id);
    assert_eq!(jsonwebtoken::decode_header(token).expect("a header").typ.as_deref(), Some("logout+jwt"));
    let claims = app.verified(token).await;
    let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
    assert!(exp > iat && exp - iat <= 120, "{claims}");
    assert_eq!(iat, server.app.clock.now().seconds(), "made for this try");
    assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22), "{claims}");
    assert!(claims["sid"].is_string() && claims.get("nonce").is_none(), "{claims}");
    claims
}

#[tokio::test]
async fn sec_092_a_logout_token_is_what_the_specification_asks() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let apps = ["told", "curved", "twisted"].map(|id| App::at(server, id));
        let (browser, first) = apps[0].sign_in(ADA, &[]).await;
        for app in &apps[1..] {
            let code = app.code(&browser, ADA, &[]).await;
            let _ = Tokens::from(&app.exchange(&code).await);
        }
        // One that took no part, and one that took no part in this session.
        let (_, other) = apps[0].sign_in(ADA, &[]).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        let heard = receiver.hears(3).await;
        let mut jtis = BTreeSet::new();
        for app in &apps {
            let heard = heard.iter().find(|heard| heard.app == app.id).expect("each is told");
            let claims = checked(server, app, heard).await;
            assert_eq!(claims["iss"], server.app.config.web.issuer());
            assert_eq!((&claims["aud"], &claims["sid"]), (&json!(app.id), &sid(&first)));
            assert_eq!(claims["sub"], user(server, ADA).await.to_string());
            assert_ne!(claims["sid"], sid(&other));
            jtis.insert(claims["jti"].to_string());
            // It is for that one purpose (SEC-075).
            assert_eq!(app.userinfo(heard.token()).await.status, 401);
            assert!(!server.is_active(heard.token()).await);
            let hint = format!("/oauth2/logout?id_token_hint={}", heard.token());
            assert_eq!(browser.open(&hint).await.expect(303).header("location"), "/logout");
        }
        assert_eq!(jtis.len(), 3);
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
    })
    .await;
}

/// A client that knows people by ids of its own hears of the session, and not of the id that others know.
#[tokio::test]
async fn sec_092_sec_083_a_pairwise_client_is_told_of_the_session_alone() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let app = App::at(server, "veiled_told");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let id = tokens.id.clone().expect("an ID token");
        let ended = browser.open(&format!("/oauth2/logout?id_token_hint={id}")).await.expect(303);
        assert!(!browser.is_signed_in().await, "its own ID token proves the session: {ended:?}");
        let heard = receiver.hears(1).await;
        let claims = checked(server, &app, &heard[0]).await;
        assert_eq!((&claims["sid"], claims.get("sub")), (&sid(&tokens), None));
        assert!(!heard[0].token().is_empty() && !claims.to_string().contains(&user(server, ADA).await.to_string()));
    })
    .await;
}

#[tokio::test]
async fn every_end_of_a_session_is_told() {
    each(&[NEAR], async |server, receiver| {
        let app = App::at(server, "told");
        for email in [ADA, BOB] {
            server.sign_up(email).await;
        }
        let doer = Doer::command;
        let bob = user(server, BOB).await;
        let told = async |tokens: &Tokens| {
            let heard = receiver.hears(1).await;
            assert_eq!(checked(server, &app, &heard[0]).await["sid"], sid(tokens));
        };
        // By the account page, from this device and from another.
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        told(&tokens).await;
        let (_, tokens) = app.sign_in(ADA, &[]).await;
        let elsewhere = Browser::signed_in(server, ADA).await;
        let session = sid(&tokens).as_str().expect("an id").to_owned();
        elsewhere.submit("/account/sessions", "/account/sessions", &[("end", &session)]).await.expect(303);
        told(&tokens).await;
        let (_, tokens) = app.sign_in(ADA, &[]).await;
        elsewhere.submit("/account/sessions", "/account/sessions", &[("end", "others")]).await.expect(303);
        told(&tokens).await;
        // By the session API, which ends whatever the browser holds.
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        browser.sign_in_at_the_chat(ADA).await;
        let _ = browser.sign_out_at_the_chat().await.expect(200);
        told(&tokens).await;
        // By a change of the password, in another session and by command.
        let (_, tokens) = app.sign_in(ADA, &[]).await;
        let fields = [("current_password", PASSWORD), ("password", "another gravel tulip ferry")];
        elsewhere.submit("/account/security", "/account/security", &fields).await.expect(303);
        told(&tokens).await;
        let (_, tokens) = app.sign_in(BOB, &[]).await;
        let hash = server.app.users.by_email(BOB).await.expect("a read").expect("Bob").password_hash.expect("a hash");
        server.app.accounts.set_password(bob, hash, doer()).await.expect("set");
        told(&tokens).await;
        // By another person who signs in at this browser.
        let (browser, tokens) = app.sign_in(BOB, &[]).await;
        let form = [("email", ADA), ("password", "another gravel tulip ferry")];
        browser.submit("/login?again=true", "/login", &form).await.expect(303);
        told(&tokens).await;
        // By an operator.
        let (_, tokens) = app.sign_in(BOB, &[]).await;
        server.app.accounts.ban(bob, NewBan::default(), doer()).await.expect("banned");
        told(&tokens).await;
        server.app.accounts.unban(bob, doer()).await.expect("lifted");
        let (_, tokens) = app.sign_in(BOB, &[("scope", "openid offline_access")]).await;
        server.app.accounts.disable(bob, doer()).await.expect("disabled");
        told(&tokens).await;
        server.app.accounts.enable(bob, doer()).await.expect("enabled");
        let (_, tokens) = app.sign_in(BOB, &[]).await;
        server.app.accounts.delete(bob, doer()).await.expect("deleted");
        told(&tokens).await;
    })
    .await;
}

#[tokio::test]
async fn what_ends_by_itself_or_never_began_is_told_to_nobody() {
    each(&[NEAR, ("POSTERN_BROWSER_SESSION_IDLE", "1h")], async |server, receiver| {
        server.sign_up(ADA).await;
        let app = App::at(server, "told");
        // A code that was never exchanged let nobody in.
        let browser = Browser::at(server);
        app.code(&browser, ADA, &[]).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert!(waiting(server).await.is_empty());
        let (_, tokens) = app.sign_in(ADA, &[]).await;
        server.pass(Duration::from_secs(2 * 3600));
        postern::jobs::run_due(&server.app).await;
        assert!(!server.is_active(&tokens.access).await);
        assert!(waiting(server).await.is_empty() && receiver.heard().is_empty());
        // An app that does not want to hear it is not called.
        let (browser, _) = App::at(server, "app").sign_in(ADA, &[]).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        assert!(receiver.heard().is_empty());
    })
    .await;
}

/// A code that is exchanged while its session ends is told of, or opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn no_app_slips_in_while_a_session_ends() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let app = App::at(server, "told");
        let (mut told, mut heard) = (BTreeSet::new(), BTreeSet::new());
        for round in 0..12 {
            let scope = if round % 2 == 0 { "openid" } else { "openid offline_access" };
            let browser = Browser::at(server);
            let code = app.code(&browser, ADA, &[("scope", scope)]).await;
            let csrf = browser.token("/logout").await;
            let form = [("csrf", csrf.as_str())];
            let (answer, out) = tokio::join!(app.exchange(&code), browser.post("/logout", &form, None));
            out.expect(303);
            match answer.status {
                200 => {
                    let tokens = Tokens::from(&answer);
                    assert!(!server.is_active(&tokens.access).await);
                    told.insert(sid(&tokens).to_string());
                }
                _ => assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{answer:?}"),
            }
        }
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        heard.extend(receiver.heard().iter().map(|it| payload(it.token())["sid"].to_string()));
        assert!(told.is_subset(&heard), "{told:?} {heard:?}");
    })
    .await;
}

#[tokio::test]
async fn sec_092_sec_126_no_private_address_is_called_unless_it_was_named() {
    for networks in [&[][..], &[("POSTERN_ALLOW_PRIVATE_ADDRESSES", "10.0.0.0/8, 127.0.0.2")]] {
        each(networks, async |server, receiver| {
            server.sign_up(ADA).await;
            let (browser, _) = App::at(server, "told").sign_in(ADA, &[]).await;
            browser.submit("/logout", "/logout", &[]).await.expect(303);
            let is_refused = async || waiting(server).await.iter().all(|row| row.last_error.is_some());
            until(FELT, "it was tried", is_refused).await;
            let rows = waiting(server).await;
            let why = rows[0].last_error.clone().expect("a reason");
            assert!(why.contains("127.0.0.1") && why.contains("POSTERN_ALLOW_PRIVATE_ADDRESSES"), "{why}");
            assert!(receiver.heard().is_empty());
        })
        .await;
    }
}
