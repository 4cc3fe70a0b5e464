//! What an authorization request may not be.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::USER_AGENT;

use crate::support::{App, Browser, TestServer};

const ADA: &str = "ada@fernwood.example";

async fn signed_in(server: &TestServer) -> Browser {
    server.sign_up(ADA).await;
    Browser::signed_in(server, ADA).await
}

#[tokio::test]
async fn sec_046_sec_048_no_other_address_is_ever_redirected_to() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = signed_in(&server).await;
    let stranger = Browser::at(&server);
    for foreign in [
        "https://evil.example/cb",
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://App.example/cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "http://app.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb#x",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example/%2e/cb",
        "https://app.example/c%62",
        "https://app.example\\@evil.example/cb",
        "https://app.example@evil.example/cb",
        "https://app.example.evil.example/cb",
        "https://app.example/cb\t",
        "https://äpp.example/cb",
        "javascript:alert(1)",
        "//app.example/cb",
    ] {
        for more in [("prompt", ""), ("prompt", "none"), ("response_mode", "form_post"), ("response_type", "token")] {
            for visitor in [&browser, &stranger] {
                let answer = visitor.open(&app.request(&[("redirect_uri", foreign), more])).await;
                assert_eq!(answer.status, 400, "{foreign} {more:?}");
                assert!(answer.header("location").is_empty() && answer.body.contains("<html"), "{foreign}");
            }
        }
    }
    for path in ["/oauth2/authorize", "/oauth2/authorize?client_id=nobody&redirect_uri=https://app.example/cb"] {
        assert_eq!(browser.open(path).await.status, 400);
    }
}

#[tokio::test]
async fn sec_047_only_the_port_of_this_machine_is_free() {
    let server = TestServer::start(&[]).await;
    let browser = signed_in(&server).await;
    let at = |address: &str| App { redirect_uri: address.to_owned(), ..App::at(&server, "native") };
    for good in ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", "com.example.app:/cb"] {
        let app = at(good);
        let fields = app.answered(&app.follow(&browser, &app.request(&[])).await);
        assert!(fields.contains_key("code"), "{good}");
    }
    for bad in [
        "http://localhost:49152/cb",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.2:49152/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "https://127.0.0.1:49152/cb",
        "com.example.app:/other",
    ] {
        let app = at(bad);
        assert_eq!(browser.open(&app.request(&[])).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn sec_049_sec_050_sec_051_sec_058_what_is_wrong_goes_back_to_the_app() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = signed_in(&server).await;
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_type", "none"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "tooshort"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", "https://evil.example/request"), "request_uri_not_supported"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "dance"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("max_age", "+1"), "invalid_request"),
        (("claims", "{"), "invalid_request"),
        (("claims", r#"{"id_token":{"acr":{"essential":true,"value":"9"}}}"#), "unmet_authentication_requirements"),
        (("claims", r#"{"id_token":{"acr":{"essential":true,"values":[2]}}}"#), "unmet_authentication_requirements"),
        (("scope", "unknown"), "invalid_scope"),
        (("resource", "https://elsewhere.example/"), "invalid_target"),
        (("response_mode", "pigeon"), "invalid_request"),
    ] {
        let fields = app.answered(&app.follow(&browser, &app.request(&[change])).await);
        assert_eq!(fields["error"], error, "{change:?}");
        assert_eq!((fields["state"].as_str(), fields.contains_key("iss")), ("a state & more", true), "SEC-055");
        assert!(!fields.contains_key("code"));
    }
    for name in ["state", "scope", "response_type", "nonce", "code_challenge"] {
        let fields = app.answered(&app.follow(&browser, &format!("{}&{name}=again", app.request(&[]))).await);
        assert_eq!(fields["error"], "invalid_request", "{name}");
    }
    for name in ["client_id", "redirect_uri", "request_uri"] {
        let twice = format!("{}&{name}=again&{name}=again", app.request(&[]));
        assert_eq!(browser.open(&twice).await.status, 400, "{name}");
    }
    let fields = app.answered(&app.follow(&browser, &app.request(&[("unknown", "x"), ("display", "touch")])).await);
    assert!(fields.contains_key("code"), "what nobody knows is ignored");
}

/// As previews and link checkers do.
async fn look(browser: &Browser, path: &str) {
    let answer = browser.open_with(Method::HEAD, path, (USER_AGENT, "a link checker")).await.expect(200);
    assert!(answer.header("location").is_empty() && answer.cookie_lines().is_empty(), "{answer:?}");
}

#[tokio::test]
async fn sec_033_whoever_only_looks_gets_no_code() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    look(&signed_in(&server).await, &app.request(&[])).await;
    look(&Browser::at(&server), &app.request(&[])).await;
}

#[tokio::test]
async fn sec_056_a_request_goes_on_only_where_it_began_and_once() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = signed_in(&server).await;
    let attacker = Browser::at(&server);
    let begun = attacker.open(&app.request(&[])).await.expect(303);
    let login = begun.header("location").to_owned();
    let key = login.split("authorize%2F").nth(1).expect("a key").to_owned();
    let elsewhere = browser.open(&format!("/oauth2/authorize/{key}")).await;
    assert_eq!((elsewhere.status, elsewhere.header("location")), (400, ""), "{elsewhere:?}");
    for made_up in ["x", "pst_ar_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(browser.open(&format!("/oauth2/authorize/{made_up}")).await.status, 400);
    }
    // Where it began it goes on, once.
    attacker.sign_in(ADA, crate::support::PASSWORD).await.expect(303);
    let path = format!("/oauth2/authorize/{key}");
    look(&attacker, &path).await;
    assert!(app.answered(&attacker.open(&path).await).contains_key("code"));
    assert_eq!(attacker.open(&path).await.status, 400);
}

#[tokio::test]
async fn sec_031_a_form_of_another_site_is_answered_by_a_get() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let asked = app.request(&[]);
    let (path, query) = asked.split_once('?').expect("a query");
    let request = server.request(Method::POST, path).header("origin", "https://app.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(query.to_owned());
    let answer = server.send(request).await.expect(303);
    assert_eq!(answer.header("location"), asked);
    let request = server.request(Method::POST, path).header("content-type", "application/json").body("{}");
    assert_eq!(server.send(request).await.status, 415);
}

#[tokio::test]
async fn sec_059_a_pushed_request_is_named_once_by_its_client() {
    let server = TestServer::start(&[]).await;
    let (app, pushy) = (App::at(&server, "app"), App::at(&server, "pushy"));
    let browser = signed_in(&server).await;
    let asked = pushy.request(&[]);
    let refused = pushy.answered(&pushy.follow(&browser, &asked).await);
    assert_eq!(refused["error"], "invalid_request", "this client must push");
    let query = asked.split_once('?').expect("a query").1;
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let push = async || pushy.call("/oauth2/par", &fields).await.expect(201);
    let pushed = push().await;
    assert!(pushed.json()["expires_in"].as_u64().is_some_and(|life| life <= 90));
    let named = |answer: &crate::support::Answer, client: &str, more: &str| {
        let uri = answer.text("request_uri");
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        format!("/oauth2/authorize?client_id={client}&request_uri={uri}{more}")
    };
    let long = "x".repeat(17 << 10);
    let refused = pushy.call("/oauth2/par", &[&fields[..], &[("of_their_own", long.as_str())]].concat()).await;
    assert_eq!((refused.status, refused.text("error").as_str()), (400, "invalid_request"), "SEC-146: too long to keep");
    assert_eq!(browser.open(&named(&pushed, "app", "")).await.status, 400, "another client's");
    let path = named(&pushed, "pushy", "&scope=openid+groups&redirect_uri=https://evil.example/");
    look(&browser, &path).await;
    let code = pushy.answered(&browser.open(&path).await)["code"].clone();
    let tokens = pushy.exchange(&code).await;
    assert_eq!(tokens.text("scope"), "openid profile email", "what was pushed counts alone");
    assert_eq!(browser.open(&named(&pushed, "pushy", "")).await.status, 400, "once");
    let late = push().await;
    server.pass(Duration::from_secs(91));
    assert_eq!(browser.open(&named(&late, "pushy", "")).await.status, 400, "late");
    let bad = app.call("/oauth2/par", &[("response_type", "code"), ("redirect_uri", "https://evil.example/")]).await;
    assert_eq!((bad.status, bad.text("error").as_str()), (400, "invalid_request"));
    let nested = app.call("/oauth2/par", &[("request_uri", "urn:ietf:params:oauth:request_uri:x")]).await;
    assert_eq!(nested.status, 400);
}

#[tokio::test]
async fn sec_146_sec_124_waiting_requests_of_one_network_are_bounded() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = Browser::at(&server);
    let mut refused = 0;
    for _ in 0..605 {
        refused += u32::from(browser.open(&app.request(&[])).await.status == 429);
    }
    assert_eq!(refused, 5);
    server.pass(Duration::from_secs(601));
    assert_eq!(browser.open(&app.request(&[])).await.status, 303);
}

#[tokio::test]
async fn sec_061_a_sign_in_that_the_app_has_given_up_begins_anew_there() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "hasty");
    let browser = Browser::at(&server);
    server.sign_up(ADA).await;
    let begun = browser.open(&app.request(&[])).await.expect(303);
    let page = browser.open(begun.header("location")).await.expect(200);
    let ends = "form-action 'self' https://hasty.example https://start.hasty.example;";
    assert!(page.header("content-security-policy").contains(ends), "the form may lead to either: {page:?}");
    server.pass(Duration::from_secs(16 * 60));
    let anew = app.enter(&browser, ADA, begun.header("location")).await;
    let iss: String = url::form_urlencoded::byte_serialize(server.app.config.web.issuer().as_bytes()).collect();
    assert_eq!(anew.header("location"), format!("https://start.hasty.example/go?by=us&iss={iss}"));
}

#[tokio::test]
async fn sec_061_a_stale_sign_in_page_starts_anew_at_the_app() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "guest");
    let browser = Browser::at(&server);
    server.sign_up(ADA).await;
    let begun = browser.open(&app.request(&[])).await.expect(303);
    server.pass(Duration::from_secs(3600));
    browser.sign_in(ADA, crate::support::PASSWORD).await.expect(303);
    // An app without an address to start from goes on: the page was only open for long.
    let page = app.follow(&browser, begun.header("location")).await.expect(200);
    assert!(page.body.contains("Let guest &amp; co"), "{}", page.body);
    server.pass(Duration::from_secs(24 * 3600));
    assert_eq!(browser.open(begun.header("location").trim_start_matches("x")).await.status, 303);
}

/// What is kept as text with escapes would take six times its room (RFC 6749 appendix A.5).
#[tokio::test]
async fn sec_146_state_and_nonce_are_printable_ascii() {
    let server = TestServer::start(&[]).await;
    let (app, browser) = (App::at(&server, "app"), Browser::at(&server));
    for name in ["state", "nonce"] {
        for odd in ["\u{1}", "a\tb", "a\n", "\u{7f}", "é", "\u{1f600}"] {
            let refused = app.answered(&app.follow(&browser, &app.request(&[(name, odd)])).await);
            assert_eq!(refused["error"], "invalid_request", "{name} {odd:?}");
            let asked = app.request(&[(name, odd)]);
            let query = asked.split_once('?').expect("a query").1;
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
            let pushed = app.call("/oauth2/par", &fields).await;
            assert_eq!((pushed.status, pushed.text("error").as_str()), (400, "invalid_request"), "{name} {odd:?}");
        }
        let all: String = (' '..='~').collect();
        app.follow(&browser, &app.request(&[(name, &all)])).await.expect(200);
    }
}
