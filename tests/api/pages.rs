//! The pages, as a browser without script meets them.

use std::time::Duration;

use postern::services::accounts::{Doer, NewBan};
use reqwest::header::{HeaderName, ORIGIN};

use crate::support::browser::Browser;
use crate::support::{PASSWORD, TestServer, each};

const MAREN: &str = "maren@example.com";
const JONAS: &str = "jonas@example.com";
const OTHER_PASSWORD: &str = "other river stone lamp";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

async fn ban(server: &TestServer, email: &str) {
    let user = server.app.users.by_email(email).await.expect("a database").expect("an account");
    let two_hours = NewBan { lasts: Some(Duration::from_secs(7200)), reason: Some("Too many messages".into()) };
    server.app.accounts.ban(user.id, two_hours, Doer::command()).await.expect("a ban");
}

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
async fn sec_031_each_form_is_bound_to_this_browser_and_this_session() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::signed_in(&server, MAREN).await;
    let forms: [(&str, &[(&str, &str)]); 7] = [
        ("/login", &[("email", MAREN), ("password", PASSWORD)]),
        ("/register", &[("name", "A"), ("email", JONAS), ("password", PASSWORD)]),
        ("/logout", &[]),
        ("/account/name", &[("name", "Mallory")]),
        ("/account/theme", &[("theme", "dark")]),
        ("/account/security", &[("current_password", PASSWORD), ("password", OTHER_PASSWORD)]),
        ("/account/sessions", &[("end", "others")]),
    ];
    let before = browser.token("/account").await;
    let strangers = Browser::at(&server).token("/login").await;
    browser.submit("/logout", "/logout", &[]).await.expect(303);
    browser.sign_in(MAREN, PASSWORD).await.expect(303);
    let ours = browser.token("/account").await;
    for (path, fields) in forms {
        for token in ["", &strangers, &before] {
            let fields: Vec<_> = fields.iter().copied().chain([("csrf", token)]).collect();
            browser.post(path, &fields, None).await.expect(403);
        }
        browser.post(path, fields, None).await.expect(403);
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", ours.as_str())]).collect();
        for header in [(ORIGIN, "https://evil.example"), (ORIGIN, "null"), (SEC_FETCH_SITE, "cross-site")] {
            browser.post(path, &fields, Some(header)).await.expect(403);
        }
    }
    let page = browser.open("/account").await.expect(200).body;
    assert!(page.contains("Maren Olsen") && !page.contains("Mallory") && !page.contains("data-theme"), "{page}");
    server.login(JONAS, PASSWORD).await.expect(401);
    server.login(MAREN, PASSWORD).await.expect(200);
    server.remove().await;
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
async fn sec_018_a_wrong_password_looks_the_same_whoever_it_is() {
    let server = TestServer::start(&[]).await;
    for email in [MAREN, JONAS] {
        server.sign_up(email).await;
    }
    ban(&server, JONAS).await;
    let mut looks = Vec::new();
    // Addresses of one length: the page holds the address, so its own length tells nothing new.
    for email in [MAREN, JONAS, "frida@example.com"] {
        let browser = Browser::at(&server);
        let token = browser.token("/login").await;
        let fields = [("email", email), ("password", "not this one"), ("csrf", &token)];
        let answer = browser.post("/login", &fields, None).await.expect(401);
        assert!(answer.body.contains("do not match an account") && !answer.body.contains("not this one"));
        looks.push(answer.comparable().replace(email, "EMAIL").replace(&token, "TOKEN"));
    }
    looks.dedup();
    assert_eq!(looks.len(), 1, "{looks:#?}");
    server.remove().await;
}

#[tokio::test]
async fn sec_017_a_banned_person_reads_until_when_after_the_right_password() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::signed_in(&server, MAREN).await;
    ban(&server, MAREN).await;
    assert!(!browser.is_signed_in().await);
    let page = browser.sign_in(MAREN, PASSWORD).await.expect(403).body;
    for words in ["You can sign in again", "That is in 2 hours.", "Too many messages", "This account is banned"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    server.remove().await;
}

#[tokio::test]
async fn sec_019_signing_up_with_a_known_address_looks_the_same() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let mut looks = Vec::new();
    for email in [MAREN, JONAS] {
        let browser = Browser::at(&server);
        let fields = [("name", "Somebody"), ("email", email), ("password", PASSWORD)];
        let answer = browser.submit("/register", "/register", &fields).await.expect(303);
        let next = browser.open("/login").await.expect(200);
        let token = browser.token("/login").await;
        let remembered = answer.cookie("postern_signed_up");
        let page = next.body.replace(email, "EMAIL").replace(&token, "TOKEN");
        looks.push((answer.comparable().replace(&remembered, "REMEMBERED"), page));
    }
    assert_eq!(looks[0], looks[1]);
    server.remove().await;
}

#[tokio::test]
async fn sec_014_what_was_typed_stays_but_for_the_password() {
    let server = TestServer::start(&[]).await;
    let browser = Browser::at(&server);
    let fields = [("name", "Maren Olsen"), ("email", "maren@"), ("password", "password1")];
    let page = browser.submit("/register", "/register", &fields).await.expect(400).body;
    assert!(page.contains("Two things need another look"), "{page}");
    assert!(page.contains("value=\"Maren Olsen\"") && page.contains("value=\"maren@\""), "{page}");
    assert!(!page.contains("password1"), "{page}");
    server.remove().await;
}

#[tokio::test]
async fn sec_013_a_new_password_needs_the_present_one_and_ends_other_sessions() {
    each(&[], async |server| {
        server.sign_up(MAREN).await;
        let (here, elsewhere) = (Browser::signed_in(server, MAREN).await, Browser::signed_in(server, MAREN).await);
        let chat = server.sign_in(MAREN).await;
        let change = async |present: &str, new: &str| {
            let fields = [("current_password", present), ("password", new)];
            here.submit("/account/security", "/account/security", &fields).await
        };
        assert!(change("not this one", OTHER_PASSWORD).await.expect(400).body.contains("not your present password"));
        assert!(change(PASSWORD, "password1").await.expect(400).body.contains("most common passwords"));
        assert!(elsewhere.is_signed_in().await);
        change(PASSWORD, OTHER_PASSWORD).await.expect(303);
        assert!(here.is_signed_in().await && !elsewhere.is_signed_in().await);
        assert!(!server.is_active(&chat.token).await);
        server.refresh(&chat.refresh_token).await.expect(401);
        Browser::at(server).sign_in(MAREN, PASSWORD).await.expect(401);
        Browser::at(server).sign_in(MAREN, OTHER_PASSWORD).await.expect(303);
    })
    .await;
}

#[tokio::test]
async fn sec_027_a_planted_session_is_never_adopted_and_the_one_before_is_dead() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::at(&server);
    let planted = format!("pst_bs_{}", "A".repeat(43));
    let cookie = format!("postern_session={planted}");
    assert_eq!(browser.open_with_cookie("/account", &cookie).await.status, 303);
    let first = browser.sign_in(MAREN, PASSWORD).await.expect(303).cookie("postern_session");
    assert_ne!(first, planted);
    let token = browser.token("/account").await;
    let fields = [("email", MAREN), ("password", PASSWORD), ("csrf", token.as_str())];
    let second = browser.post("/login", &fields, None).await.expect(303).cookie("postern_session");
    assert_ne!(first, second);
    let opens = async |value: &str| {
        let cookie = format!("postern_session={value}");
        Browser::at(&server).open_with_cookie("/account", &cookie).await.status == 200
    };
    assert!(opens(&second).await && !opens(&first).await && !opens(&planted).await);
    server.remove().await;
}

#[tokio::test]
async fn sec_034_a_person_ends_own_sessions_only() {
    each(&[], async |server| {
        for email in [MAREN, JONAS] {
            server.sign_up(email).await;
        }
        let (maren, jonas) = (Browser::signed_in(server, MAREN).await, Browser::signed_in(server, JONAS).await);
        let other = Browser::signed_in(server, MAREN).await;
        let ids = |page: &str| -> Vec<String> {
            let rest = page.split("name=\"end\" value=\"").skip(1);
            rest.filter_map(|it| it.split('"').next()).map(str::to_owned).collect()
        };
        let listed = ids(&maren.open("/account/sessions").await.expect(200).body);
        let [id] = listed.as_slice() else { panic!("one other session: {listed:?}") };
        jonas.submit("/account/sessions", "/account/sessions", &[("end", id)]).await.expect(404);
        jonas.submit("/account/sessions", "/account/sessions", &[("end", "nonsense")]).await.expect(404);
        assert!(other.is_signed_in().await);
        maren.submit("/account/sessions", "/account/sessions", &[("end", id)]).await.expect(303);
        assert!(!other.is_signed_in().await && maren.is_signed_in().await && jonas.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_036_nothing_private_is_kept_and_an_old_cookie_opens_nothing() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let browser = Browser::at(&server);
    let cookie = browser.sign_in(MAREN, PASSWORD).await.expect(303).cookie("postern_session");
    for path in ["/account", "/account/name", "/account/security", "/account/sessions", "/logout"] {
        assert_eq!(browser.open(path).await.expect(200).header("cache-control"), "no-store", "{path}");
    }
    browser.submit("/logout", "/logout", &[]).await.expect(303);
    let stolen = format!("postern_session={cookie}");
    assert_eq!(Browser::at(&server).open_with_cookie("/account", &stolen).await.status, 303);
    server.remove().await;
}

#[tokio::test]
async fn sec_062_a_sign_in_leads_back_to_our_own_pages_only() {
    let server = TestServer::start(&[]).await;
    server.sign_up(MAREN).await;
    let cases = [
        ("/account/sessions", "/account/sessions"),
        ("https://evil.example/", "/account"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
    ];
    for (asked, got) in cases {
        let fields = [("email", MAREN), ("password", PASSWORD), ("return_to", asked)];
        let answer = Browser::at(&server).submit("/login", "/login", &fields).await.expect(303);
        assert_eq!(answer.header("location"), got, "{asked}");
    }
    let sent = Browser::at(&server).open("/account/security").await.expect(303);
    assert_eq!(sent.header("location"), "/login?return_to=%2Faccount%2Fsecurity");
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
