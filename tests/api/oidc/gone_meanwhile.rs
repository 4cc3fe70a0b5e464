//! Whoever is deleted or signed out in the very moment of a request: on PostgreSQL, where two write
//! at once, neither fails over the other.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::support::{Answer, App, Browser, TestServer, each};

const ADA: &str = "ada@fernwood.example";
const USERS: [&str; 2] = ["SELECT 1 FROM users FOR UPDATE", "DELETE FROM users"];
const SESSIONS: [&str; 2] = ["SELECT 1 FROM sessions FOR UPDATE", "DELETE FROM sessions"];

/// Whether a statement waits for another transaction.
async fn is_waiting(server: &TestServer) -> bool {
    let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = Statement::from_string(DbBackend::Postgres, sql);
    server.app.database.read().query_one_raw(waiting).await.expect("a read").is_some()
}

/// The answer to `request`, which meets a transaction that holds what it `removes` once it waits.
async fn meanwhile(server: &TestServer, removes: [&'static str; 2], request: impl Future<Output = Answer>) -> Answer {
    let (held, is_held) = oneshot::channel();
    let (go, goes) = oneshot::channel::<()>();
    let database = server.app.database.clone();
    let removal = tokio::spawn(async move {
        let write = database.write(move |tx| {
            Box::pin(async move {
                tx.execute_unprepared(removes[0]).await?;
                held.send(()).expect("somebody waits");
                goes.await.expect("a word");
                tx.execute_unprepared(removes[1]).await?;
                Ok(())
            })
        });
        write.await
    });
    is_held.await.expect("held");
    let told = async {
        while !is_waiting(server).await {
            sleep(Duration::from_millis(5)).await;
        }
        go.send(()).expect("somebody waits");
    };
    let both = async { tokio::join!(request, told).0 };
    let answer = timeout(Duration::from_secs(60), both).await.expect("it waits, and then goes on");
    removal.await.expect("no panic").expect("nobody is in the way of a removal");
    answer
}

async fn each_that_writes_at_once(test: impl AsyncFn(&TestServer)) {
    each(&[], async |server| {
        if server.app.database.file().is_none() {
            server.sign_up(ADA).await;
            test(server).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_is_asked_for_while_the_session_ends_or_the_account_is_deleted() {
    for removes in [SESSIONS, USERS] {
        each_that_writes_at_once(async |server| {
            let app = App::at(server, "app");
            let browser = Browser::signed_in(server, ADA).await;
            let asked = app.request(&[]);
            let answer = meanwhile(server, removes, browser.open(&asked)).await;
            assert!(answer.status < 500 && !answer.header("location").contains("code="), "{answer:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn consent_is_given_while_the_account_is_deleted() {
    each_that_writes_at_once(async |server| {
        let guest = App::at(server, "guest");
        let browser = Browser::signed_in(server, ADA).await;
        let page = guest.follow(&browser, &guest.request(&[])).await.expect(200);
        let form = browser.form(&page).await;
        let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.push(("decision", "allow"));
        let answer = meanwhile(server, USERS, browser.post("/consent", &fields, None)).await;
        assert!(answer.status < 500, "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn a_device_asks_while_the_account_that_let_it_in_is_deleted() {
    each_that_writes_at_once(async |server| {
        let tv = App::at(server, "tv");
        let (device, browser) = (tv.device("openid").await, Browser::signed_in(server, ADA).await);
        browser.let_in(&device).await;
        let answer = meanwhile(server, USERS, tv.poll(&device)).await;
        App::expect_refusal(&answer, "access_denied");
    })
    .await;
}

#[tokio::test]
async fn a_code_of_a_device_is_typed_while_the_account_is_deleted() {
    each_that_writes_at_once(async |server| {
        let tv = App::at(server, "tv");
        let (device, browser) = (tv.device("openid").await, Browser::signed_in(server, ADA).await);
        let answer = meanwhile(server, USERS, browser.type_code(&device.user_code)).await;
        assert!(answer.status < 500, "{answer:?}");
    })
    .await;
}
