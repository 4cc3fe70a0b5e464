//! What a browser's session stands, beyond the walk through the pages.

use std::time::Duration;

use crate::support::{Browser, PASSWORD, TestServer, each};

const DAY: Duration = Duration::from_secs(86_400);
const MAREN: &str = "maren@example.com";

#[tokio::test]
async fn sec_028_two_cookies_of_one_name_sign_nobody_in() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let session = Browser::at(server).sign_in(MAREN, PASSWORD).await.expect(303).cookie("postern_session");
        let open = async |cookie: String| Browser::at(server).open_with_cookie("/account", &cookie).await.status;
        assert_eq!(open(format!("postern_session={session}")).await, 200);
        assert_eq!(open(format!("postern_session={session}; postern_session=x")).await, 303);
        assert_eq!(open(format!("postern_session=x; postern_session={session}")).await, 303);

        let token = server.sign_in(MAREN).await.refresh_token;
        let refresh = async |cookie: String| {
            let request = server.request(reqwest::Method::POST, "/api/auth/refresh").header("cookie", cookie);
            server.send(request).await.status
        };
        assert_eq!(refresh(format!("refreshToken={token}; refreshToken=x")).await, 401);
        assert_eq!(refresh(format!("refreshToken={token}")).await, 200);
    })
    .await;
}

#[tokio::test]
async fn sec_029_idle_and_absolute_ends_hold_on_the_server() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let (idle, used) = (Browser::signed_in(server, MAREN).await, Browser::signed_in(server, MAREN).await);
        for _ in 0..4 {
            server.pass(6 * DAY);
            assert!(used.is_signed_in().await);
        }
        assert!(!idle.is_signed_in().await, "seven days without use");
        server.pass(6 * DAY - Duration::from_secs(1));
        assert!(used.is_signed_in().await);
        server.pass(Duration::from_secs(1));
        assert!(!used.is_signed_in().await, "thirty days at all");
    })
    .await;
}

#[tokio::test]
async fn sec_062_no_spelling_of_a_return_address_leaves_us() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    for going in [
        "/%09/evil.test",
        "/\t/evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/account\r\nSet-Cookie: a=b",
        "http://localhost:3081@evil.test/",
        "http://localhost:3081.evil.test/",
        "http://localhost:3082/account",
        "/account/../..//evil.test",
        "account",
        "",
    ] {
        let fields = [("email", MAREN), ("password", PASSWORD), ("return_to", going)];
        let answer = Browser::at(&server).submit("/login", "/login", &fields).await.expect(303);
        assert_eq!(answer.header("location"), "/account", "{going:?}");
        assert!(answer.cookie_lines().iter().all(|line| !line.starts_with("a=")), "{answer:?}");
    }
    server.remove().await;
}

/// The chat's cookies and ours know neither port nor path: the pages leave the chat's alone. The
/// session behind one ends with a sign-out all the same, whoever it is of: it is this device.
#[tokio::test]
async fn pages_never_touch_the_cookies_of_the_chat() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        server.sign_up("next@example.com").await;
        let elsewhere = server.sign_in(MAREN).await;
        for at_the_chat in [MAREN, "next@example.com"] {
            let browser = Browser::at(server);
            let chat = browser.sign_in_at_the_chat(at_the_chat).await;
            let mut answers = vec![browser.open("/login").await, browser.sign_in(MAREN, PASSWORD).await.expect(303)];
            assert!(server.is_active(&chat.token).await, "signing in ends nothing");
            answers.push(browser.submit("/logout", "/logout", &[]).await.expect(303));
            for line in answers.iter().flat_map(|answer| answer.cookie_lines()) {
                assert!(line.starts_with("postern_"), "{line}");
            }
            assert!(!browser.is_signed_in().await && !server.is_active(&chat.token).await, "{at_the_chat}");
            server.refresh(&chat.refresh_token).await.expect(401);
        }
        assert!(server.is_active(&elsewhere.token).await, "other devices stay signed in");
    })
    .await;
}

/// Who never signed in on our pages is asked too, and only told that it is over when it is.
#[tokio::test]
async fn the_sign_out_page_knows_of_the_chat() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::at(&server);
    let chat = browser.sign_in_at_the_chat(MAREN).await;
    assert!(browser.open("/logout").await.expect(200).body.contains(MAREN));
    browser.submit("/logout", "/logout", &[]).await.expect(303);
    assert!(!server.is_active(&chat.token).await);
    assert!(browser.open("/logout").await.expect(200).body.contains("You are signed out"));
    let foreign = browser.open_with_cookie("/logout", "refreshToken=of.another.app").await.expect(200);
    assert!(foreign.body.contains("You are signed out") && foreign.cookie_lines().iter().all(|it| !it.contains("ref")));
    server.remove().await;
}

/// A session that tokens hold is seen in use whenever they rotate, to within a minute.
#[tokio::test]
async fn a_device_that_refreshes_is_one_that_is_in_use() {
    each(&[], async |server: &TestServer| {
        let mut chat = server.newcomer(MAREN).await;
        let browser = Browser::signed_in(server, MAREN).await;
        let list = async || browser.open("/account/sessions").await.expect(200).body;
        let seen = async || {
            let id = server.app.users.by_email(MAREN).await.expect("a database").expect("a person").id;
            let sessions = server.app.sessions.list(id).await.expect("a database");
            sessions.iter().find(|it| it.cookie_hash.is_none()).expect("the chat's").seen_at
        };
        for _ in 0..2 {
            server.pass(3 * DAY);
            assert!(list().await.contains("3 days ago"));
            chat = crate::support::SignedIn::from(&server.refresh(&chat.refresh_token).await);
            assert!(!list().await.contains("days ago"));
            let first = seen().await;
            server.pass(Duration::from_secs(59));
            chat = crate::support::SignedIn::from(&server.refresh(&chat.refresh_token).await);
            assert_eq!(seen().await, first, "one write a minute is enough");
        }
        server.pass(DAY);
        server.refresh(&chat.refresh_token).await.expect(401);
        assert!(browser.is_signed_in().await, "use puts off the end of a browser's session alone");
    })
    .await;
}

/// A link, a picture or a preview ends no session: only the form does.
#[tokio::test]
async fn sec_033_sec_090_opening_a_page_changes_nothing() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let browser = Browser::signed_in(server, MAREN).await;
        for path in ["/logout", "/logout?_method=POST", "/account/sessions?end=others", "/account/name?name=Evil"] {
            browser.open(path).await.expect(200);
        }
        let page = browser.open("/account").await.expect(200).body;
        assert!(page.contains("Maren Olsen"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn sec_037_whoever_comes_next_in_a_browser_gets_nothing_of_the_one_before() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let mut body = crate::support::site::registration("next@example.com");
        body["name"] = "Jonas Berg".into();
        server.post("/api/auth/register", &body).await.expect(200);
        let browser = Browser::signed_in(server, MAREN).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert!(!browser.open("/login").await.expect(200).body.contains("aren"), "not even the address");
        browser.sign_in("next@example.com", PASSWORD).await.expect(303);
        for path in ["/account", "/account/name", "/account/security", "/account/sessions"] {
            let page = browser.open(path).await.expect(200).body;
            assert!(!page.contains("Maren") && !page.contains(MAREN), "{path}: {page}");
        }
        assert!(browser.open("/account").await.body.contains("Jonas Berg"));
    })
    .await;
}
