//! Logout that an app asks for without a proof: the person is asked, and when they are not.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderName, ORIGIN, REFERER};

use super::logout::{ADA, BYE, asked, path};
use crate::support::{Answer, App, Browser, TestServer, Tokens, each};

/// Says yes on the page that `answer` leads to.
async fn confirm(browser: &Browser, answer: &Answer) -> Answer {
    let page = browser.open(answer.header("location")).await.expect(200);
    let form = browser.form(&page).await;
    let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post("/logout", &fields, None).await
}

#[tokio::test]
async fn sec_089_a_client_that_is_gone_is_gone_to_no_more() {
    each(&[], async |server| {
        use postern::services::audit::Actor;
        use postern::services::clients::{AuthMethod, Metadata};
        server.sign_up(ADA).await;
        let app = App { redirect_uri: "https://spa.example/cb".into(), ..App::at(server, "spa") };
        let id = entity::ClientId::new("passing");
        let metadata = Metadata {
            token_endpoint_auth_method: AuthMethod::None,
            redirect_uris: vec![app.redirect_uri.parse().expect("an address")],
            post_logout_redirect_uris: vec!["https://spa.example/bye".parse().expect("an address")],
            trusted: true,
            ..Metadata::default()
        };
        server.app.clients.add(id.clone(), metadata, Actor::Command).await.expect("added");
        let browser = Browser::signed_in(server, ADA).await;
        let fields = [("client_id", "passing"), ("post_logout_redirect_uri", "https://spa.example/bye")];
        let before = browser.open(&path(&fields)).await;
        asked(&before);
        assert!(before.header("location").contains("spa.example"));
        server.app.grants.remove_client(&server.app.clients, &id, Actor::Command).await.expect("removed");
        assert_eq!(confirm(&browser, &before).await.expect(303).header("location"), "/logout");
        assert_eq!(browser.open(&path(&fields)).await.expect(303).header("location"), "/logout");
    })
    .await;
}

#[tokio::test]
async fn sec_090_without_a_hint_the_person_is_asked_by_a_page_that_names_the_app() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let fields =
            [("client_id", guest.id), ("post_logout_redirect_uri", "https://guest.example/bye"), ("state", "a&b")];
        // As another site would do it: a link, an image, a form.
        let answer = browser.open_with(Method::GET, &path(&fields), (REFERER, "https://evil.example/")).await;
        asked(&answer);
        assert!(browser.is_signed_in().await);
        let page = browser.open(answer.header("location")).await.expect(200);
        for text in ["guest &amp; co sent you here", "Maren Olsen", ADA, "name=\"csrf\""] {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
        let policy = page.header("content-security-policy");
        assert!(policy.contains("form-action 'self' https://guest.example;"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "SEC-057: {policy}");
        for csrf in ["", "forged"] {
            let form = [&fields[..], &[("csrf", csrf)]].concat();
            assert_eq!(browser.post("/logout", &form, None).await.status, 403, "SEC-031");
        }
        assert!(browser.is_signed_in().await);
        let done = confirm(&browser, &answer).await.expect(303);
        assert_eq!(done.header("location"), "https://guest.example/bye?state=a%26b");
        assert!(!browser.is_signed_in().await);

        // Nobody at all asks: our own page does.
        let browser = Browser::signed_in(server, ADA).await;
        let answer = browser.open("/oauth2/logout").await;
        asked(&answer);
        assert_eq!(confirm(&browser, &answer).await.expect(303).header("location"), "/logout");
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_090_only_the_operators_own_app_signs_out_unasked_and_from_its_own_pages() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let app = App::at(server, "app");
        let fields = [("client_id", "app"), ("post_logout_redirect_uri", BYE), ("logout_hint", ADA)];
        let own: [(HeaderName, &str); 3] = [
            (REFERER, "https://app.example/"),
            (REFERER, "https://app.example/c/a-chat?x=y"),
            (ORIGIN, "https://app.example"),
        ];
        for header in own {
            let (browser, tokens) = app.sign_in(ADA, &[]).await;
            let answer = browser.open_with(Method::GET, &path(&fields), header).await.expect(303);
            assert_eq!(answer.header("location"), BYE);
            assert!(!browser.is_signed_in().await && !server.is_active(&tokens.access).await);
        }
        let (browser, _) = app.sign_in(ADA, &[]).await;
        let foreign: [(HeaderName, &str); 10] = [
            (REFERER, ""),
            (REFERER, "https://evil.example/https://app.example/"),
            (REFERER, "https://app.example.evil.example/"),
            (REFERER, "https://app.example@evil.example/"),
            (REFERER, "https://app.example:8443/"),
            (REFERER, "http://app.example/"),
            (REFERER, "app.example"),
            (ORIGIN, "null"),
            (ORIGIN, "https://evil.example"),
            (ORIGIN, "https://app.example/"),
        ];
        for header in foreign {
            asked(&browser.open_with(Method::GET, &path(&fields), header).await);
        }
        asked(&browser.open(&path(&fields)).await);
        let from_home = async |browser: &Browser, fields: &[(&str, &str)]| {
            browser.open_with(Method::GET, &path(fields), (REFERER, "https://app.example/")).await
        };
        // HEAD never ends anything (SEC-033).
        asked(&browser.open_with(Method::HEAD, &path(&fields), (REFERER, "https://app.example/")).await);
        // Without an address, or with one that is not its own.
        asked(&from_home(&browser, &fields[..1]).await);
        asked(&from_home(&browser, &[fields[0], ("post_logout_redirect_uri", "https://evil.example/")]).await);
        assert!(browser.is_signed_in().await);
        // It took no part in this session.
        let other = Browser::signed_in(server, ADA).await;
        asked(&from_home(&other, &fields).await);
        assert!(other.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_090_an_app_that_is_not_the_operators_own_always_asks() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let guest = App::at(&server, "guest");
    let browser = Browser::signed_in(&server, ADA).await;
    let page = guest.follow(&browser, &guest.request(&[])).await.expect(200);
    let form = browser.form(&page).await;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "allow"));
    let allowed = browser.post("/consent", &fields, None).await.expect(303);
    let answer = guest.follow(&browser, allowed.header("location")).await;
    let _ = Tokens::from(&guest.exchange(&guest.answered(&answer)["code"]).await);
    let fields = [("client_id", "guest"), ("post_logout_redirect_uri", "https://guest.example/bye")];
    asked(&browser.open_with(Method::GET, &path(&fields), (REFERER, "https://guest.example/")).await);
    assert!(browser.is_signed_in().await);
}

/// A session outlives the refresh tokens that were given in it.
#[tokio::test]
async fn an_app_whose_refresh_tokens_are_over_still_takes_part_in_the_session() {
    each(&[("REFRESH_TOKEN_EXPIRY", "1000 * 60 * 60")], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (browser, tokens) = app.sign_in(ADA, &[("scope", "openid offline_access")]).await;
        server.pass(Duration::from_secs(3601));
        assert_eq!(app.refresh(&tokens.refresh.expect("one")).await.expect(400).text("error"), "invalid_grant");
        assert!(browser.is_signed_in().await);
        let fields = [("client_id", "app"), ("post_logout_redirect_uri", BYE)];
        let answer = browser.open_with(Method::GET, &path(&fields), (REFERER, "https://app.example/")).await;
        assert_eq!(answer.expect(303).header("location"), BYE, "it is asked nothing");
        assert!(!browser.is_signed_in().await);
    })
    .await;
}
