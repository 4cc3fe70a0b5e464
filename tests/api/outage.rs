//! The database goes away and comes back.

use std::time::Duration;

use crate::support::database::{OnServer, postgres};
use crate::support::patience::until;
use crate::support::severed::Way;
use crate::support::{PASSWORD, TestServer};

const LONG: Duration = Duration::from_secs(20);

/// Never a yes that a read would deny, never a no that it would not give: 503 until it is back.
#[tokio::test(flavor = "multi_thread")]
async fn sec_151_while_the_database_is_away_every_answer_is_an_honest_not_now() {
    let Some(server) = postgres() else { return };
    let database = OnServer::create(&server).await;
    let mut way = Way::to(database.socket()).await;
    let address = database.url_through(way.port);
    let server = TestServer::over(database, &[("POSTERN_DATABASE_URL", &address)]).await;
    let here = server.newcomer("maren@example.com").await;
    assert!(server.is_active(&here.token).await);

    way.cut().await;
    until(LONG, "what is remembered is forgotten", async || {
        let answer = server.introspect_as("chat", &here.token).await;
        assert_ne!(answer.body, r#"{"active":false}"#, "a live token is not called dead");
        answer.status == 503
    })
    .await;
    let (login, register, refresh, user, ready) = tokio::join!(
        server.login("maren@example.com", PASSWORD),
        server.register("other@example.com"),
        server.refresh(&here.refresh_token),
        server.user(&here.token),
        server.get("/readyz"),
    );
    for answer in [login, register, refresh, user] {
        let answer = answer.expect_problem(503, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.cookie_lines().is_empty(), "{answer:?}");
    }
    let told = server.introspect_as("chat", &here.token).await.expect(503);
    assert_eq!((told.text("error").as_str(), told.header("retry-after")), ("temporarily_unavailable", "1"));
    assert_eq!((ready.status, ready.body.as_str()), (503, "the database does not answer\n"));
    server.get("/healthz").await.expect(200);
    server.get("/api/config").await.expect(200);
    server.get("/login").await.expect(200);

    way.mend().await;
    until(LONG, "it is ready again", async || server.get("/readyz").await.status == 200).await;
    assert!(server.is_active(&here.token).await);
    server.refresh(&here.refresh_token).await.expect(200);
    server.newcomer("other@example.com").await;
    server.remove().await;
}

/// A restart of the database ends every connection: requests meet it at most once, and no cache lies.
#[tokio::test(flavor = "multi_thread")]
async fn sec_151_connections_that_are_ended_are_replaced() {
    let Some(server) = postgres() else { return };
    let database = OnServer::create(&server).await;
    let server = TestServer::over(database.clone(), &[]).await;
    let here = server.newcomer("maren@example.com").await;
    for _ in 0..3 {
        database.terminate_connections().await;
        for _ in 0..12 {
            let answer = server.refresh(&here.refresh_token).await;
            assert!(answer.status == 200 || answer.status == 503, "{answer:?}");
        }
        server.sign_in("maren@example.com").await;
        assert!(server.is_active(&here.token).await);
    }
    server.remove().await;
}

/// A database that answers nothing, but ends nothing either: nobody is let in by what is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn sec_151_a_database_that_hangs_is_as_good_as_away() {
    let Some(server) = postgres() else { return };
    let database = OnServer::create(&server).await;
    let mut way = Way::to(database.socket()).await;
    let address = database.url_through(way.port);
    let settings = [("POSTERN_DATABASE_URL", address.as_str()), ("POSTERN_REQUEST_TIMEOUT", "1s")];
    let server = TestServer::over(database, &settings).await;
    let here = server.newcomer("maren@example.com").await;
    assert!(server.is_active(&here.token).await);

    way.freeze();
    until(LONG, "what is remembered is forgotten", async || {
        let answer = server.introspect_as("chat", &here.token).await;
        assert_ne!(answer.body, r#"{"active":false}"#, "a live token is not called dead");
        answer.status == 503
    })
    .await;
    let (refresh, user) = tokio::join!(server.refresh(&here.refresh_token), server.user(&here.token));
    for answer in [refresh, user] {
        assert_eq!(answer.expect_problem(503, "temporarily_unavailable").header("retry-after"), "1");
    }
    server.get("/healthz").await.expect(200);

    way.cut().await;
    way.mend().await;
    until(LONG, "it is ready again", async || server.get("/readyz").await.status == 200).await;
    until(LONG, "its session is known again", async || server.is_active(&here.token).await).await;
    server.refresh(&here.refresh_token).await.expect(200);
    server.remove().await;
}
