//! The pages, as a browser without script meets them.

use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::patience::until;
use crate::support::{PASSWORD, TestServer, each};

const MAREN: &str = "maren@example.com";

#[tokio::test]
async fn a_person_signs_up_comes_in_and_leaves() {
    each(&[], async |server| {
        let browser = Browser::at(server);
        let sign_up = [("name", "Maren Olsen"), ("email", MAREN), ("password", PASSWORD)];
        let answer = browser.submit("/register", "/register", &sign_up).await.expect(303);
        assert_eq!(answer.header("location"), "/login");
        let page = browser.open("/login").await.expect(200).body;
        assert!(page.contains(&format!("value=\"{MAREN}\"")) && page.contains("Now sign in"), "{page}");
        let answer = browser.sign_in(MAREN, PASSWORD).await.expect(303);
        assert_eq!(answer.header("location"), "/account");
        assert!(browser.open("/account").await.expect(200).body.contains("maren.olsen"));
        assert_eq!(browser.open("/login").await.expect(303).header("location"), "/account");
        let answer = browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert_eq!(answer.header("location"), "/logout");
        assert!(browser.open("/logout").await.expect(200).body.contains("You are signed out"));
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn without_cookies_the_refusal_says_so() {
    let server = TestServer::start(&[]).await;
    let token = Browser::at(&server).token("/login").await;
    let fields = [("email", MAREN), ("password", PASSWORD), ("csrf", token.as_str())];
    let answer = Browser::at(&server).post("/login", &fields, None).await.expect(403);
    assert!(answer.body.contains("Allow cookies"), "{}", answer.body);
    server.remove().await;
}

#[tokio::test]
async fn below_a_path_every_link_and_cookie_stays_below_it() {
    let server = TestServer::start(&[("POSTERN_URL", "http://localhost:3081/auth")]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::at(&server);
    let answer = browser.sign_in(MAREN, PASSWORD).await.expect(303);
    assert_eq!(answer.header("location"), "/auth/account");
    assert!(answer.cookie_lines().iter().all(|line| line.contains("; Path=/auth;")), "{answer:?}");
    let page = browser.open("/account").await.expect(200).body.replace("&#x2f;", "/");
    for start in ["href=\"", "src=\"", "action=\""] {
        for address in page.split(start).skip(1).filter(|it| it.starts_with('/')) {
            assert!(address.starts_with("/auth/"), "{start}{}", address.split('"').next().unwrap_or_default());
        }
    }
    let css = page.split("href=\"/auth").map(|it| it.split('"').next().unwrap_or_default());
    let css = css.into_iter().find(|it| it.ends_with(".css")).expect("a stylesheet");
    let asset = browser.open(css).await.expect(200);
    assert!(
        asset.header("cache-control").contains("immutable") && asset.header("content-type").starts_with("text/css")
    );
    server.remove().await;
}

#[tokio::test]
async fn too_many_tries_say_when_to_come_back() {
    let server = TestServer::start(&[("LOGIN_MAX", "2")]).await;
    let browser = Browser::at(&server);
    for _ in 0..2 {
        browser.sign_in(MAREN, "not this one").await.expect(401);
    }
    let answer = browser.sign_in(MAREN, "not this one").await.expect(429);
    assert!(answer.body.contains("You can try again <time") && !answer.header("retry-after").is_empty(), "{answer:?}");
    server.remove().await;
}

#[tokio::test]
async fn what_is_closed_or_missing_is_a_page_with_words() {
    let server = TestServer::start(&[("ALLOW_REGISTRATION", "false")]).await;
    let browser = Browser::at(&server);
    assert!(browser.open("/register").await.expect(403).body.contains("Sign-up is closed"));
    assert!(!browser.open("/login").await.expect(200).body.contains("/register"));
    let missing = browser.open("/no-such-page").await.expect(404);
    assert!(missing.body.contains("There is nothing here") && missing.body.contains(missing.header("x-request-id")));
    let wrong = browser.post("/account", &[], None).await.expect(405);
    assert_eq!(wrong.header("allow"), "GET, HEAD");
    assert!(wrong.header("content-type").starts_with("text/html"), "{wrong:?}");
    server.remove().await;
}

#[tokio::test]
async fn light_or_dark_is_remembered() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::signed_in(&server, MAREN).await;
    let answer =
        browser.submit("/account", "/account/theme", &[("theme", "dark"), ("path", "/account/security")]).await;
    assert_eq!(answer.expect(303).header("location"), "/account/security");
    assert!(browser.open("/account").await.body.contains("data-theme=\"dark\""));
    browser.submit("/account", "/account/theme", &[("theme", "system")]).await.expect(303);
    assert!(!browser.open("/account").await.body.contains("data-theme"));
    server.remove().await;
}

#[tokio::test]
async fn a_name_is_changed_and_shown() {
    each(&[], async |server| {
        server.sign_up(MAREN).await;
        let browser = Browser::signed_in(server, MAREN).await;
        let rename = async |name: &str| browser.submit("/account/name", "/account/name", &[("name", name)]).await;
        rename(" ").await.expect(400);
        rename(&"a".repeat(81)).await.expect(400);
        assert_eq!(rename(" Maren <b> Ødegård ").await.expect(303).header("location"), "/account?done=name");
        let page = browser.open("/account?done=name").await.expect(200).body;
        assert!(page.contains("Maren &lt;b&gt; Ødegård") && page.contains("Saved."), "{page}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_templates_are_laid_over_ours_and_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| std::fs::write(folder.path().join("signed-out.html"), text).expect("a file");
    write("<h1>Goodbye from {{ site.title }}</h1>");
    let path = folder.path().to_str().expect("UTF-8").to_owned();
    let server = TestServer::start(&[("POSTERN_TEMPLATES_DIR", &path), ("APP_TITLE", "Fern & wood")]).await;
    let shown = async || server.get("/logout").await.expect(200).body;
    assert_eq!(shown().await, "<h1>Goodbye from Fern &amp; wood</h1>");
    assert!(server.get("/login").await.expect(200).body.contains("Sign in to Fern &amp; wood"), "ours stand beside it");
    write("<h1>Until soon</h1>");
    until(Duration::from_secs(10), "the new one is shown", async || shown().await.contains("Until soon")).await;
    write("{% broken");
    until(Duration::from_secs(10), "ours stands in", async || shown().await.contains("You are signed out")).await;
    server.stop().await;
}
