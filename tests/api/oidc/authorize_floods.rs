//! Requests that are answered at once, as fast as somebody can send them.

use std::time::Duration;

use sea_orm::EntityTrait;

use crate::support::{App, Browser, TestServer, each};

const ADA: &str = "ada@fernwood.example";

/// How many requests are under way at once.
const AT_ONCE: u32 = 25;

/// How many of so many requests were answered with a code, and how many were refused for being too many.
async fn flood(app: &App, browser: &Browser, count: u32) -> (u32, u32) {
    let (mut codes, mut refused) = (0, 0);
    for begun in (0..count).step_by(AT_ONCE as usize) {
        let asked = app.request(&[("prompt", "none")]);
        let round = (begun..count.min(begun + AT_ONCE)).map(|_| browser.open(&asked));
        for answer in futures_util::future::join_all(round).await {
            match answer.status {
                303 => codes += u32::from(app.answered(&answer).contains_key("code")),
                429 => {
                    assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
                    refused += 1;
                }
                other => panic!("{other}: {answer:?}"),
            }
        }
    }
    (codes, refused)
}

/// The rows of the audit that tell of authorizations: how many, and how many authorizations.
async fn audited(server: &TestServer) -> (usize, i64) {
    let rows = entity::audit_event::Entity::find().all(server.app.database.read()).await.expect("rows");
    let rows: Vec<_> = rows.into_iter().filter(|row| row.kind == "authorized").collect();
    (rows.len(), rows.iter().map(|row| i64::from(row.count)).sum())
}

#[tokio::test]
async fn sec_146_sec_149_authorizations_of_a_minute_are_one_row_with_their_number() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let (app, lax) = (App::at(server, "app"), App::at(server, "lax"));
        let browser = Browser::signed_in(server, ADA).await;
        assert_eq!(flood(&app, &browser, 20).await, (20, 0));
        assert_eq!(audited(server).await, (1, 20));
        assert_eq!(flood(&lax, &browser, 3).await, (3, 0));
        assert_eq!(audited(server).await, (2, 23), "each app has a row of its own");
        server.pass(Duration::from_secs(60));
        assert_eq!(flood(&app, &browser, 1).await, (1, 0));
        assert_eq!(audited(server).await, (3, 24));
    })
    .await;
}

/// From however many networks they come.
#[tokio::test]
async fn sec_146_only_so_many_requests_wait_and_the_newest_are_among_them() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        let browser = Browser::at(server);
        let mut pages = Vec::new();
        for _ in 0..8 {
            pages.push(browser.open(&app.request(&[])).await.expect(303).header("location").to_owned());
            server.pass(Duration::from_secs(1));
        }
        assert_eq!(server.app.grants.bound_requests(8, 500).await.expect("a look"), 0);
        assert_eq!(server.app.grants.bound_requests(5, 2).await.expect("a sweep"), 2, "no more at a time");
        assert_eq!(server.app.grants.bound_requests(5, 500).await.expect("a sweep"), 1);
        for (number, page) in pages.iter().enumerate() {
            let path = page.split_once("return_to=").expect("a way back").1.replace("%2F", "/");
            let status = browser.open(&path).await.status;
            assert_eq!(status, if number < 3 { 400 } else { 303 }, "{number}: {path}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_146_sec_124_authorizations_of_one_person_and_of_one_network_are_bounded() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let mut all = (0, 0);
    for person in 0..6 {
        let email = format!("person{person}@fernwood.example");
        server.sign_up(&email).await;
        let browser = Browser::signed_in(&server, &email).await;
        // What one has used up is left to the others, until the network has used up its own.
        let (codes, refused) = flood(&app, &browser, 605).await;
        all = (all.0 + codes, all.1 + refused);
        assert_eq!(codes, if person < 5 { 600 } else { 0 }, "{person}");
    }
    assert_eq!(all, (3000, 5 * 5 + 605));
    let (rows, codes) = audited(&server).await;
    assert_eq!((rows, codes), (5, 3000), "3000 requests are no 3000 rows");
    server.pass(Duration::from_secs(600));
    postern::jobs::run_due(&server.app).await;
    let left = entity::grant::Entity::find().all(server.app.database.read()).await.expect("rows");
    assert!(left.is_empty(), "codes that nobody fetched go");
    let browser = Browser::signed_in(&server, "person0@fernwood.example").await;
    assert_eq!(flood(&app, &browser, 1).await, (1, 0));
}
