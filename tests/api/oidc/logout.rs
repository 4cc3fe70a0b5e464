//! Logout that an app asks for: what proves that it may, and where it ends.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use reqwest::header::ORIGIN;
use url::form_urlencoded;

use crate::support::{Answer, App, Browser, TestServer, Tokens, each};

pub(super) const ADA: &str = "ada@fernwood.example";
const BOB: &str = "bob@fernwood.example";
pub(super) const BYE: &str = "https://app.example/bye";

/// The path of a logout with these parameters.
pub(super) fn path(fields: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

fn hint(tokens: &Tokens) -> String {
    tokens.id.clone().expect("an ID token")
}

/// Fails unless the person is asked, and nothing has ended.
#[track_caller]
pub(super) fn asked(answer: &Answer) {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(answer.header("location").starts_with("/logout"), "{answer:?}");
    assert!(answer.header("set-cookie").is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_hint_of_this_session_ends_it_at_once() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        for fields in
            [&[("state", "a b&c=ü")][..], &[], &[("client_id", "app"), ("ui_locales", "de"), ("logout_hint", ADA)]]
        {
            let (browser, tokens) = app.sign_in(ADA, &[("scope", "openid offline_access")]).await;
            let hint = hint(&tokens);
            let with = [&[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)], fields].concat();
            let answer = browser.open(&path(&with)).await.expect(303);
            let state = if fields.first().is_some_and(|it| it.0 == "state") { "?state=a+b%26c%3D%C3%BC" } else { "" };
            assert_eq!(answer.header("location"), format!("{BYE}{state}"));
            assert!(answer.header("set-cookie").starts_with("postern_session=; Max-Age=0"), "{answer:?}");
            assert!(!browser.is_signed_in().await && !server.is_active(&tokens.access).await);
            let refresh = tokens.refresh.expect("a refresh token");
            assert_eq!(app.refresh(&refresh).await.text("error"), "invalid_grant");
            // It is asked again, by a second tab say: nobody is signed in, and that is no error.
            assert_eq!(browser.open(&path(&with)).await.expect(303).header("location"), answer.header("location"));
        }
    })
    .await;
}

#[tokio::test]
async fn sec_089_only_a_registered_address_of_a_proven_client_is_gone_to() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let foreign = [
        "https://evil.example/bye",
        "https://app.example/bye/",
        "https://app.example/BYE",
        "https://App.example/bye",
        "https://app.example:443/bye",
        "http://app.example/bye",
        "https://app.example/bye?x=1",
        "https://app.example/bye#x",
        "https://app.example/x/../bye",
        "https://app.example/%62ye",
        "https://app.example@evil.example/bye",
        "https://app.example/cb",
        "https://lax.example/bye",
        "javascript:alert(1)",
        "//app.example/bye",
        "",
    ];
    for address in foreign {
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let hint = hint(&tokens);
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", address), ("state", "x")];
        let answer = browser.open(&path(&fields)).await.expect(303);
        assert_eq!(answer.header("location"), "/logout", "{address}");
        assert!(browser.open("/logout").await.expect(200).body.contains("You are signed out"));
        // Without anybody, by client_id, and on our own page.
        let stranger = Browser::at(&server);
        for client in ["app", "nobody", ""] {
            let fields = [("client_id", client), ("post_logout_redirect_uri", address)];
            assert_eq!(stranger.open(&path(&fields)).await.expect(303).header("location"), "/logout", "{address}");
        }
        let signed_in = Browser::signed_in(&server, ADA).await;
        let fields = [("client_id", "app"), ("post_logout_redirect_uri", address)];
        let by_hand = path(&fields).replace("/oauth2/logout", "/logout");
        let page = signed_in.open(&by_hand).await.expect(200);
        assert!(page.header("content-security-policy").contains("form-action 'self';"), "{page:?}");
        let csrf = signed_in.token("/logout").await;
        let form = [&fields[..], &[("csrf", csrf.as_str())]].concat();
        assert_eq!(signed_in.post("/logout", &form, None).await.expect(303).header("location"), "/logout");
    }
    // An address without anybody who stands for it.
    let stranger = Browser::at(&server);
    let answer = stranger.open(&path(&[("post_logout_redirect_uri", BYE)])).await.expect(303);
    assert_eq!(answer.header("location"), "/logout");
}

#[tokio::test]
async fn sec_091_what_proves_nothing_ends_nothing() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        for email in [ADA, BOB] {
            server.sign_up(email).await;
        }
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let (bobs, of_bob) = app.sign_in(BOB, &[]).await;
        let genuine = hint(&tokens);
        let (head, rest) = genuine.split_once('.').expect("a header");
        let (payload, signature) = rest.split_once('.').expect("a payload");
        let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let none = header("{\"typ\":\"JWT\",\"alg\":\"none\",\"kid\":\"x\"}");
        let bobs_payload = hint(&of_bob).split('.').nth(1).expect("a payload").to_owned();
        for forged in [
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{head}.{bobs_payload}.{signature}"),
            format!("{genuine}x"),
            genuine[..genuine.len() - 4].to_owned(),
            tokens.access.clone(),
            "nothing".to_owned(),
        ] {
            let fields = [("id_token_hint", forged.as_str()), ("post_logout_redirect_uri", BYE)];
            let answer = browser.open(&path(&fields)).await;
            asked(&answer);
            assert_eq!(answer.header("location"), "/logout", "{forged}: nobody is proven");
        }
        // Bob's own is genuine, and says nothing here; nor does it end his.
        let his = hint(&of_bob);
        asked(&browser.open(&path(&[("id_token_hint", &his), ("post_logout_redirect_uri", BYE)])).await);
        assert!(browser.is_signed_in().await && bobs.is_signed_in().await && server.is_active(&of_bob.access).await);
        // Two that do not fit each other are an error, said here (section 2).
        let answer = browser.open(&path(&[("id_token_hint", &genuine), ("client_id", "lax")])).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let twice = format!("{}&client_id=app", path(&[("client_id", "app")]));
        assert_eq!(browser.open(&twice).await.status, 400, "SEC-049");
        assert!(browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_091_an_old_hint_is_good_for_its_own_session_and_for_no_other() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let (elsewhere, of_elsewhere) = app.sign_in(ADA, &[]).await;
        server.pass(Duration::from_secs(24 * 3600));
        // It has expired, and is of the other device: that one ends, and this one is asked about.
        let (old, own) = (hint(&of_elsewhere), hint(&tokens));
        let answer = browser.open(&path(&[("id_token_hint", &old), ("post_logout_redirect_uri", BYE)])).await;
        asked(&answer);
        assert!(browser.is_signed_in().await && !elsewhere.is_signed_in().await);
        // Its own: at once.
        let answer = browser.open(&path(&[("id_token_hint", &own), ("post_logout_redirect_uri", BYE)])).await;
        assert_eq!(answer.expect(303).header("location"), BYE);
        assert!(!browser.is_signed_in().await);
        // From a browser without our cookie, as where those of others are blocked.
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let fields = [("id_token_hint", tokens.id.as_deref().expect("one")), ("post_logout_redirect_uri", BYE)];
        assert_eq!(Browser::at(server).open(&path(&fields)).await.expect(303).header("location"), BYE);
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn sec_031_a_form_of_another_site_is_kept_and_answered_by_a_get() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (browser, tokens) = app.sign_in(ADA, &[]).await;
    let hint = hint(&tokens);
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b")];
    // Such a form comes without our cookie.
    let answer = Browser::at(&server).post("/oauth2/logout", &fields, Some((ORIGIN, "https://app.example"))).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(browser.is_signed_in().await);
    let next = answer.header("location").to_owned();
    assert_eq!(next, path(&fields));
    assert_eq!(browser.open(&next).await.expect(303).header("location"), format!("{BYE}?state=a+b"));
    assert!(!browser.is_signed_in().await);
    let long = "x".repeat(20_000);
    assert_eq!(browser.post("/oauth2/logout", &[("state", &long)], None).await.status, 413);
    let json = server.post("/oauth2/logout", &serde_json::json!({})).await;
    assert_eq!(json.status, 415);
    let wrong = server.send(server.request(Method::PUT, "/oauth2/logout")).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, "GET, HEAD, POST"));
}

#[tokio::test]
async fn all_of_it_holds_below_a_path() {
    let server = TestServer::start(&[("POSTERN_URL", "http://localhost:3081/auth")]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let found = server.get("/.well-known/openid-configuration").await.expect(200).json();
    assert_eq!(found["end_session_endpoint"], "http://localhost:3081/auth/oauth2/logout");
    assert_eq!(found["backchannel_logout_supported"], true);
    assert_eq!(found["backchannel_logout_session_supported"], true);
    let (browser, tokens) = app.sign_in(ADA, &[]).await;
    let answer = browser.open(&path(&[("client_id", "app"), ("post_logout_redirect_uri", BYE)])).await.expect(303);
    assert!(answer.header("location").starts_with("/auth/logout?client_id=app&"), "{answer:?}");
    let hint = hint(&tokens);
    let answer = browser.open(&path(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])).await.expect(303);
    assert_eq!(answer.header("location"), BYE);
    assert!(answer.header("set-cookie").contains("Path=/auth"), "{answer:?}");
}
