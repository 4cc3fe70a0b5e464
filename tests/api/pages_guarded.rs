//! What pages owe to the security requirements, met as a browser without script.

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
async fn sec_031_each_form_is_bound_to_this_browser_and_this_session() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let browser = Browser::signed_in(server, MAREN).await;
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
        let strangers = Browser::at(server).token("/login").await;
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
    })
    .await;
}

#[tokio::test]
async fn sec_018_a_wrong_password_looks_the_same_whoever_it_is() {
    each(&[], async |server: &TestServer| {
        for email in [MAREN, JONAS] {
            server.sign_up(email).await;
        }
        ban(server, JONAS).await;
        let mut looks = Vec::new();
        // Addresses of one length: the page holds the address, so its own length tells nothing new.
        for email in [MAREN, JONAS, "frida@example.com"] {
            let browser = Browser::at(server);
            let token = browser.token("/login").await;
            let fields = [("email", email), ("password", "not this one"), ("csrf", &token)];
            let answer = browser.post("/login", &fields, None).await.expect(401);
            assert!(answer.body.contains("do not match an account") && !answer.body.contains("not this one"));
            looks.push(answer.comparable().replace(email, "EMAIL").replace(&token, "TOKEN"));
        }
        looks.dedup();
        assert_eq!(looks.len(), 1, "{looks:#?}");
    })
    .await;
}

#[tokio::test]
async fn sec_017_a_banned_person_reads_until_when_after_the_right_password() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let browser = Browser::signed_in(server, MAREN).await;
        ban(server, MAREN).await;
        assert!(!browser.is_signed_in().await);
        let page = browser.sign_in(MAREN, PASSWORD).await.expect(403).body;
        for words in ["You can sign in again", "That is in 2 hours.", "Too many messages", "This account is banned"] {
            assert!(page.contains(words), "{words}: {page}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_019_signing_up_with_a_known_address_looks_the_same() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let mut looks = Vec::new();
        for email in [MAREN, JONAS] {
            let browser = Browser::at(server);
            let fields = [("name", "Somebody"), ("email", email), ("password", PASSWORD)];
            let answer = browser.submit("/register", "/register", &fields).await.expect(303);
            let next = browser.open("/login").await.expect(200);
            let token = browser.token("/login").await;
            let remembered = answer.cookie("postern_signed_up");
            let page = next.body.replace(email, "EMAIL").replace(&token, "TOKEN");
            looks.push((answer.comparable().replace(&remembered, "REMEMBERED"), page));
        }
        assert_eq!(looks[0], looks[1]);
    })
    .await;
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
async fn sec_013_sec_027_sec_035_a_new_password_needs_the_present_one_and_ends_other_sessions() {
    each(&[], async |server| {
        server.sign_up(MAREN).await;
        let (here, elsewhere) = (Browser::at(server), Browser::signed_in(server, MAREN).await);
        let before = here.sign_in(MAREN, PASSWORD).await.expect(303).cookie("postern_session");
        let chat = server.sign_in(MAREN).await;
        let change = async |present: &str, new: &str| {
            let fields = [("current_password", present), ("password", new)];
            here.submit("/account/security", "/account/security", &fields).await
        };
        assert!(change("not this one", OTHER_PASSWORD).await.expect(400).body.contains("not your current password"));
        assert!(change(PASSWORD, "password1").await.expect(400).body.contains("most common passwords"));
        assert!(elsewhere.is_signed_in().await);
        let changed = change(PASSWORD, OTHER_PASSWORD).await.expect(303).cookie("postern_session");
        assert_ne!(changed, before, "the session goes on under a new cookie");
        assert_eq!(
            Browser::at(server).open_with_cookie("/account", &format!("postern_session={before}")).await.status,
            303
        );
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
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let browser = Browser::at(server);
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
            Browser::at(server).open_with_cookie("/account", &cookie).await.status == 200
        };
        assert!(opens(&second).await && !opens(&first).await && !opens(&planted).await);
    })
    .await;
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
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let browser = Browser::at(server);
        let cookie = browser.sign_in(MAREN, PASSWORD).await.expect(303).cookie("postern_session");
        for path in ["/account", "/account/name", "/account/security", "/account/sessions", "/logout"] {
            assert_eq!(browser.open(path).await.expect(200).header("cache-control"), "no-store", "{path}");
        }
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        let stolen = format!("postern_session={cookie}");
        assert_eq!(Browser::at(server).open_with_cookie("/account", &stolen).await.status, 303);
    })
    .await;
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
