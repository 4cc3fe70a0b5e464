//! Clients whose tokens are asked about, given up and exchanged while the database is away.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::database::{OnServer, postgres};
use crate::support::patience::until;
use crate::support::severed::Way;
use crate::support::{Answer, App, TestServer, Tokens};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid offline_access")];
const LONG: Duration = Duration::from_secs(20);

/// Fails unless the client is told to come again: neither a yes, nor a no that it would act upon.
#[track_caller]
fn is_not_now(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.text("error").as_str()), (503, "temporarily_unavailable"), "{what}: {answer:?}");
    assert_eq!(answer.header("retry-after"), "1", "{what}");
}

/// Every kind of token, by the app that may give it up.
async fn tokens(server: &TestServer) -> Vec<(App, &'static str, String)> {
    let machine = App::at(server, "machine");
    let own = Tokens::from(&machine.token(&[("grant_type", "client_credentials"), ("scope", "reports")]).await);
    let mut all = vec![(machine, "a machine's own", own.access)];
    for (id, kind) in [("app", "signed"), ("opaque", "opaque")] {
        let app = App::at(server, id);
        let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
        all.push((app.clone(), kind, tokens.access));
        all.push((app, "for refreshing", tokens.refresh.expect("a refresh token")));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_086_sec_151_nothing_is_called_given_up_or_dead_while_nobody_can_tell() {
    let Some(address) = postgres() else { return };
    let database = OnServer::create(&address).await;
    let mut way = Way::to(database.socket()).await;
    let address = database.url_through(way.port);
    let server = TestServer::over(database, &[("POSTERN_DATABASE_URL", &address)]).await;
    server.sign_up(ADA).await;
    let all = tokens(&server).await;
    let app = App::at(&server, "app");
    let (browser, tokens) = app.sign_in(ADA, OFFLINE).await;
    let code = app.code(&browser, ADA, &[]).await;
    for (_, kind, token) in &all {
        assert!(server.is_active(token).await, "{kind}");
    }

    way.cut().await;
    let lost = all.iter().map(async |(app, kind, token)| {
        let is_forgotten = async || server.introspect_as("chat", token).await.status == 503;
        until(LONG, "what is remembered is forgotten", is_forgotten).await;
        is_not_now(&server.introspect_as("chat", token).await, kind);
        is_not_now(&app.call("/oauth2/revoke", &[("token", token)]).await, kind);
    });
    join_all(lost).await;
    let tv = App::at(&server, "tv");
    let (exchanged, refreshed, seen, begun) = tokio::join!(
        app.exchange(&code),
        app.refresh(tokens.refresh.as_deref().expect("one")),
        app.userinfo(&tokens.access),
        tv.begin_device(&[("scope", "openid")]),
    );
    for answer in [exchanged, refreshed, seen, begun] {
        is_not_now(&answer, "what a client does");
    }
    let hint = format!("/oauth2/logout?id_token_hint={}", tokens.id.as_deref().expect("an ID token"));
    let paths = [hint.as_str(), "/logout", "/consent?request=x", "/device"];
    for answer in join_all(paths.map(|path| browser.open(path))).await {
        let answer = answer.expect(503);
        assert!(answer.cookie_lines().is_empty() && answer.header("location").is_empty(), "{answer:?}");
    }

    way.mend().await;
    until(LONG, "it is ready again", async || server.get("/readyz").await.status == 200).await;
    // Nothing of it had happened; now it does.
    let _ = Tokens::from(&app.exchange(&code).await);
    assert!(browser.is_signed_in().await);
    for (app, kind, token) in &all {
        assert!(server.is_active(token).await, "{kind}");
        app.call("/oauth2/revoke", &[("token", token)]).await.expect(200);
        assert!(!server.is_active(token).await, "{kind}");
    }
    server.remove().await;
}

/// A database that is read and not written, as after a failover to a copy or on a full disk.
#[tokio::test(flavor = "multi_thread")]
async fn sec_086_nothing_is_called_given_up_that_was_not_written_down() {
    let Some(address) = postgres() else { return };
    let database = OnServer::create(&address).await;
    let server = TestServer::over(database.clone(), &[]).await;
    server.sign_up(ADA).await;
    let all = tokens(&server).await;
    database.take_writes(false).await;
    for (app, kind, token) in &all {
        // A connection that was ended is met once; then the refusal is the database's own.
        for _ in 0..8 {
            is_not_now(&app.call("/oauth2/revoke", &[("token", token)]).await, kind);
        }
        let can_be_read = async || server.introspect_as("chat", token).await.status == 200;
        until(LONG, "it is asked over new connections", can_be_read).await;
        assert!(server.is_active(token).await, "{kind}");
    }
    database.take_writes(true).await;
    for (app, kind, token) in &all {
        let revoked = async || app.call("/oauth2/revoke", &[("token", token)]).await.status == 200;
        until(LONG, "it is written down", revoked).await;
        let can_be_read = async || server.introspect_as("chat", token).await.status == 200;
        until(LONG, "it is asked over new connections", can_be_read).await;
        assert!(!server.is_active(token).await, "{kind}");
    }
    server.remove().await;
}
