//! Several nodes over one database.

use std::time::Duration;

use postern::services::accounts::{Doer, NewBan};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::patience::until;
use crate::support::{Kind, PASSWORD, Place, Settings, SignedIn, TestServer, each, kinds};

/// The promise is one second; what is measured here is shared with other tests.
const FELT: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_another_node_feels_a_ban_a_logout_and_a_refresh() {
    each(&[], async |one: &TestServer| {
        let other = one.another_node(&[]).await;
        let here = one.newcomer("maren@example.com").await;
        assert!(other.is_active(&here.token).await, "a session of one node is one of every node");
        let leaver = one.sign_in("maren@example.com").await;
        assert!(other.is_active(&leaver.token).await);
        one.logout(&leaver.token).await.expect(200);
        until(FELT, "the other node knows of the logout", async || !other.is_active(&leaver.token).await).await;

        let second = SignedIn::from(&other.refresh(&here.refresh_token).await);
        let again = SignedIn::from(&one.refresh(&here.refresh_token).await);
        assert_eq!(second.refresh_token, again.refresh_token, "one family, whichever node is asked");

        let id = one.app.users.by_email("maren@example.com").await.expect("a database").expect("a person").id;
        one.app.accounts.ban(id, NewBan { lasts: None, reason: None }, Doer::command()).await.expect("banned");
        other.login("maren@example.com", PASSWORD).await.expect_problem(403, "banned");
        until(FELT, "the other node knows of the ban", async || !other.is_active(&here.token).await).await;
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_039_fifty_refreshes_on_two_nodes_give_one_successor() {
    each(&[], async |one: &TestServer| {
        let other = one.another_node(&[]).await;
        let first = one.newcomer("maren@example.com").await;
        let asked: Vec<_> = (0..50)
            .map(|number| {
                let site = if number % 2 == 0 { one.site.clone() } else { other.site.clone() };
                let token = first.refresh_token.clone();
                tokio::spawn(async move { site.refresh(&token).await })
            })
            .collect();
        let mut successors = Vec::new();
        for answer in asked {
            successors.push(SignedIn::from(&answer.await.expect("an answer")).refresh_token);
        }
        successors.sort();
        successors.dedup();
        assert_eq!(successors.len(), 1, "{successors:?}");
        other.stop().await;
    })
    .await;
}

/// The connections that listen, on PostgreSQL.
async fn ears(server: &TestServer) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = server.app.database.read().query_one_raw(statement).await.expect("a database");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

/// What listens holds no connection of the pool: of a single one all requests are served.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_one_connection_is_enough() {
    const ONE: Settings<'_> = &[("POSTERN_DATABASE_CONNECTIONS", "1")];
    each(ONE, async |one: &TestServer| {
        let other = one.another_node(ONE).await;
        if one.app.database.file().is_none() {
            until(6 * FELT, "both nodes listen beside their pools", async || ears(one).await == 2).await;
        }
        let here = one.newcomer("maren@example.com").await;
        assert!(other.is_active(&here.token).await);
        let rounds = (0..10).map(|_| async {
            one.get("/readyz").await.expect(200);
            one.refresh(&one.sign_in("maren@example.com").await.refresh_token).await.expect(200);
        });
        futures_util::future::join_all(rounds).await;
        one.logout(&here.token).await.expect(200);
        until(FELT, "the other node knows of the logout", async || !other.is_active(&here.token).await).await;
        other.stop().await;
    })
    .await;
}

/// Migration, made secrets and the first account: nothing happens twice.
#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_start_at_once_on_a_fresh_database() {
    for kind in kinds() {
        let made = [("JWT_SECRET", ""), ("JWT_REFRESH_SECRET", ""), ("POSTERN_ENCRYPTION_KEY", "")];
        let place = Place::on(&kind, if kind == Kind::Sqlite { &made } else { &[] }).await;
        let (one, two, three) = tokio::join!(place.serve(), place.serve(), place.serve());
        let registered = tokio::join!(
            one.register("first@example.com"),
            two.register("second@example.com"),
            three.register("third@example.com")
        );
        for answer in [registered.0, registered.1, registered.2] {
            answer.expect(200);
        }
        let mut admins = 0;
        for email in ["first@example.com", "second@example.com", "third@example.com"] {
            let signed_in = one.sign_in(email).await;
            admins += usize::from(signed_in.user["role"] == "ADMIN");
            assert!(two.is_active(&signed_in.token).await && three.is_active(&signed_in.token).await);
            three.refresh(&signed_in.refresh_token).await.expect(200);
        }
        assert_eq!(admins, 1);
        drop((one, two, three));
        place.remove().await;
    }
}
