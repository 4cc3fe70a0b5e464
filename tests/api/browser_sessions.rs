//! Sessions of our own pages, as a browser without JavaScript lives them.

use std::time::Duration;

use crate::support::browser::csrf;
use crate::support::{Browser, PASSWORD, TestServer, each};

const DAY: Duration = Duration::from_secs(86_400);
const SESSION: &str = "postern_session";

#[tokio::test]
async fn from_sign_up_to_logout_without_javascript() {
    each(&[], async |server: &TestServer| {
        let mut browser = Browser::at(server);
        let form = [("name", "Maren Olsen"), ("email", "maren@example.com"), ("password", PASSWORD)];
        let answer = browser.submit("/register", &form).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/login"), "{answer:?}");
        assert!(!browser.cookies.contains_key(SESSION), "signing up signs nobody in");
        assert!(browser.get("/login").await.body.contains("maren@example.com"), "the address is filled in");
        browser.sign_in("maren@example.com").await;
        assert!(browser.get("/account").await.expect(200).body.contains("Maren Olsen"));
        let session = browser.cookies[SESSION].clone();
        browser.submit("/logout", &[]).await;
        assert!(!browser.is_signed_in().await);
        browser.cookies.insert(SESSION.to_owned(), session);
        assert!(!browser.is_signed_in().await, "the session itself is over, not only the cookie");
    })
    .await;
}

#[tokio::test]
async fn sec_027_a_planted_session_is_never_adopted() {
    each(&[], async |server: &TestServer| {
        server.sign_up("maren@example.com").await;
        let mut browser = Browser::at(server);
        browser.cookies.insert(SESSION.to_owned(), "planted-by-somebody-else-000000000000000000".to_owned());
        browser.sign_in("maren@example.com").await;
        let first = browser.cookies[SESSION].clone();
        assert!(first.len() >= 22 && !first.starts_with("planted"), "{first}");

        // Signing in again gives a new id, and the one from before is dead.
        let token = csrf(&browser.get("/account").await);
        let fields = [("email", "maren@example.com"), ("password", PASSWORD), ("csrf", token.as_str())];
        browser.post("/login", &fields).await.expect(303);
        assert_ne!(browser.cookies[SESSION], first);
        assert!(browser.is_signed_in().await);
        browser.cookies.insert(SESSION.to_owned(), first);
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_028_two_cookies_of_one_name_sign_nobody_in() {
    let server = TestServer::start(&[]).await;
    server.sign_up("maren@example.com").await;
    let mut browser = Browser::at(&server);
    browser.sign_in("maren@example.com").await;
    let session = browser.cookies[SESSION].clone();
    for line in [format!("{SESSION}={session}; {SESSION}=x"), format!("{SESSION}=x; {SESSION}={session}")] {
        let request = server.request(reqwest::Method::GET, "/account").header("cookie", line);
        server.send(request).await.expect(303);
    }
    let tossed = server.sign_in("maren@example.com").await.refresh_token;
    let line = format!("refreshToken={tossed}; refreshToken=x");
    let request = server.request(reqwest::Method::POST, "/api/auth/refresh").header("cookie", line);
    server.send(request).await.expect_problem(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test]
async fn sec_029_idle_and_absolute_ends_hold_on_the_server() {
    each(&[], async |server: &TestServer| {
        server.sign_up("maren@example.com").await;
        let mut idle = Browser::at(server);
        idle.sign_in("maren@example.com").await;
        let mut used = idle.clone();
        used.cookies.clear();
        used.sign_in("maren@example.com").await;
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
async fn sec_031_forms_from_elsewhere_change_nothing() {
    each(&[], async |server: &TestServer| {
        server.sign_up("maren@example.com").await;
        let mut stranger = Browser::at(server);
        let foreign = csrf(&stranger.get("/login").await);
        let mut browser = Browser::at(server);
        let before = csrf(&browser.get("/login").await);
        let credentials = [("email", "maren@example.com"), ("password", PASSWORD)];
        for token in ["", "x", &foreign] {
            let fields = [&credentials[..], &[("csrf", token)]].concat();
            browser.post("/login", &fields).await.expect(403);
        }
        browser.post("/login", &credentials).await.expect(403);
        assert!(!browser.cookies.contains_key(SESSION));
        browser.sign_in("maren@example.com").await;

        let current = csrf(&browser.get("/account").await);
        for path in ["/logout", "/account/name", "/account/security", "/account/sessions", "/account/theme"] {
            for token in ["", "x", &foreign, &before] {
                browser.post(path, &[("name", "Evil"), ("end", "others"), ("csrf", token)]).await.expect(403);
            }
            for (name, value) in [("origin", "https://evil.test"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
            {
                let request = server.request(reqwest::Method::POST, path).header(name, value);
                browser
                    .send(request.form(&[("name", "Evil"), ("end", "others"), ("csrf", &current)]))
                    .await
                    .expect(403);
            }
        }
        assert!(browser.get("/account").await.expect(200).body.contains("Maren Olsen"), "nothing has changed");

        browser.submit("/logout", &[]).await;
        browser.sign_in("maren@example.com").await;
        browser.post("/account/name", &[("name", "Evil"), ("csrf", &current)]).await.expect(403);
    })
    .await;
}

#[tokio::test]
async fn sec_034_people_see_and_end_their_own_sessions_only() {
    each(&[], async |server: &TestServer| {
        for email in ["maren@example.com", "other@example.com"] {
            server.sign_up(email).await;
        }
        let chat = server.sign_in("maren@example.com").await;
        let others = server.sign_in("other@example.com").await;
        let sid = async |token: &str| server.introspect(token).await["sid"].as_str().expect("a session").to_owned();
        let (mine, foreign) = (sid(&chat.token).await, sid(&others.token).await);
        let mut browser = Browser::at(server);
        browser.sign_in("maren@example.com").await;
        let page = browser.get("/account/sessions").await.expect(200);
        assert!(page.body.contains(&mine) && !page.body.contains(&foreign));

        let unknown = "00000000-0000-4000-8000-000000000000";
        let strange = browser.submit("/account/sessions", &[("end", &foreign)]).await.expect(404);
        let missing = browser.submit("/account/sessions", &[("end", unknown)]).await.expect(404);
        let without_id = |answer: &crate::support::Answer| answer.body.replace(answer.header("x-request-id"), "ID");
        assert_eq!(without_id(&strange), without_id(&missing));
        assert!(server.is_active(&others.token).await);

        browser.submit("/account/sessions", &[("end", &mine)]).await.expect(303);
        assert!(!server.is_active(&chat.token).await && browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_013_a_new_password_asks_for_the_old_one_and_ends_all_other_sessions() {
    each(&[], async |server: &TestServer| {
        let chat = server.newcomer("maren@example.com").await;
        let (mut here, mut elsewhere) = (Browser::at(server), Browser::at(server));
        here.sign_in("maren@example.com").await;
        elsewhere.sign_in("maren@example.com").await;
        let new = "plain lantern orchard six";
        for (current, password) in [("a wrong password", new), ("", new), (PASSWORD, "password")] {
            let answer =
                here.submit("/account/security", &[("current_password", current), ("password", password)]).await;
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
        assert!(server.is_active(&chat.token).await && elsewhere.is_signed_in().await);

        here.submit("/account/security", &[("current_password", PASSWORD), ("password", new)]).await.expect(303);
        assert!(here.is_signed_in().await && !elsewhere.is_signed_in().await);
        assert!(!server.is_active(&chat.token).await);
        server.refresh(&chat.refresh_token).await.expect(401);
        server.login("maren@example.com", PASSWORD).await.expect(401);
        server.login("maren@example.com", new).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_062_a_sign_in_leads_only_to_our_own_pages() {
    let server = TestServer::start(&[]).await;
    server.sign_up("maren@example.com").await;
    for going in [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/%09/evil.test",
        "/\t/evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "/account\r\nSet-Cookie: a=b",
        "http://localhost:3081@evil.test/",
        "http://localhost:3081.evil.test/",
        "http://localhost:3082/account",
        "account",
        "",
    ] {
        let mut browser = Browser::at(&server);
        let fields = [("email", "maren@example.com"), ("password", PASSWORD), ("return_to", going)];
        let answer = browser.submit("/login", &fields).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/account"), "{going:?}");
    }
    let mut browser = Browser::at(&server);
    let asked = browser.get("/account/sessions").await.expect(303);
    assert_eq!(asked.header("location"), "/login?return_to=%2Faccount%2Fsessions");
    let fields = [("email", "maren@example.com"), ("password", PASSWORD), ("return_to", "/account/sessions")];
    assert_eq!(browser.submit("/login", &fields).await.header("location"), "/account/sessions");
    server.stop().await;
}

/// Nobody's wrong password, and nobody's page, shows on another person's screen.
#[tokio::test]
async fn sec_014_sec_036_pages_keep_no_password_and_no_page_is_kept() {
    let server = TestServer::start(&[]).await;
    server.sign_up("maren@example.com").await;
    let mut browser = Browser::at(&server);
    let answer = browser.submit("/login", &[("email", "maren@example.com"), ("password", "hunter2 hunter3")]).await;
    assert!(!answer.expect(401).body.contains("hunter2"));
    for page in ["/login", "/register"] {
        let page = browser.get(page).await.expect(200);
        let form = page.body.split("<form").skip(1).find(|form| form.contains("password")).expect("a form");
        assert!(form.split('>').next().expect("a tag").contains(r#"method="post""#), "{form}");
    }
    browser.get("/login?email=a&password=hunter2").await.expect(200);
    browser.sign_in("maren@example.com").await;
    for path in ["/account", "/account/security", "/account/sessions", "/login"] {
        assert_eq!(browser.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    server.stop().await;
}
