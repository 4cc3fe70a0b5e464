//! A client lets a person in: the paths that everybody walks.

use std::time::Duration;

use reqwest::header::HeaderName;
use serde_json::json;

use crate::support::relying_party::payload;
use crate::support::{App, Browser, PASSWORD, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";

/// Whoever has no account yet makes one on the way, and still arrives.
#[tokio::test]
async fn a_sign_up_on_the_way_leads_on_to_the_app() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = Browser::at(&server);
    let page = app.follow(&browser, &app.request(&[])).await;
    let link = page.body.split("href=\"").find(|it| it.starts_with("/register?")).expect("a way to sign up");
    let (link, _) = link.split_once('"').expect("an end");
    let page = browser.open(&link.replace("&#x2f;", "/")).await.expect(200);
    assert!(page.body.contains("href=\"/login?return_to="), "{}", page.body);
    let mut fields = browser.form(&page).await;
    fields.retain(|(_, value)| !value.is_empty());
    let filled = [("name", "Ada"), ("email", ADA), ("password", PASSWORD)];
    fields.extend(filled.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signed_up = browser.post("/register", &fields, None).await.expect(303);
    let login = signed_up.header("location");
    assert!(app.answered(&app.enter(&browser, ADA, login).await).contains_key("code"));
    // Nobody else's address is carried along.
    let evil = browser.open("/register?return_to=https://evil.example/").await.expect(303);
    assert_eq!(evil.header("location"), "/account");
}

#[tokio::test]
async fn an_app_finds_everything_by_discovery() {
    let server = TestServer::start(&[("POSTERN_URL", "https://auth.fernwood.example")]).await;
    let found = server.get("/.well-known/openid-configuration").await.expect(200);
    assert_eq!(found.header("cache-control"), "public, max-age=300");
    assert_eq!(found.header("access-control-allow-origin"), "*");
    let document = found.json();
    assert_eq!(document["issuer"], "https://auth.fernwood.example");
    assert_eq!(document["authorization_endpoint"], "https://auth.fernwood.example/oauth2/authorize");
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server.get("/.well-known/oauth-authorization-server").await.expect(200).json(), document);
    let keys = server.get("/oauth2/jwks").await.expect(200);
    assert_eq!(keys.header("access-control-allow-origin"), "*");
    for key in keys.json()["keys"].as_array().expect("keys") {
        assert!(key["kid"].is_string() && key["use"] == "sig" && key.get("d").is_none(), "SEC-080: {key}");
    }
}

#[tokio::test]
async fn a_person_comes_in_by_the_code_flow() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let browser = Browser::at(server);
        let answer = app.enter(&browser, ADA, &app.request(&[("scope", "openid profile email roles")])).await;
        let fields = app.answered(&answer);
        assert_eq!(fields["state"], "a state & more");
        assert_eq!(fields["iss"], server.app.config.web.issuer());
        let tokens = Tokens::from(&app.exchange(&fields["code"]).await);
        assert!(tokens.refresh.is_none(), "offline_access was not asked for");

        let claims = app.verified(tokens.id.as_deref().expect("an ID token")).await;
        assert_eq!(claims["iss"], server.app.config.web.issuer());
        assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("app"), &json!("a nonce")));
        assert_eq!(claims["roles"], json!(["admin"]), "chat apps look for roles there");
        assert!(claims["at_hash"].is_string() && claims["sid"].is_string() && claims["amr"] == json!(["pwd"]));
        assert!(claims["exp"].as_i64() > claims["iat"].as_i64() && claims["auth_time"].is_i64());
        assert!(claims.get("email").is_none(), "that is for userinfo");

        let person = app.userinfo(&tokens.access).await.expect(200);
        assert_eq!(person.header("access-control-allow-origin"), "*");
        let person = person.json();
        assert_eq!(person["sub"], claims["sub"]);
        assert_eq!((&person["email"], &person["given_name"]), (&json!(ADA), &json!("Maren")));
        assert!(!person["preferred_username"].as_str().expect("a name").contains('@'));

        // The next app lets them in without another word.
        let other = App::at(server, "lax");
        let code = other.code(&browser, ADA, &[]).await;
        let again = Tokens::from(&other.exchange(&code).await);
        assert_eq!(payload(again.id.as_deref().expect("an ID token"))["sub"], claims["sub"]);
        assert_eq!(payload(again.id.as_deref().expect("an ID token"))["sid"], claims["sid"]);
    })
    .await;
}

#[tokio::test]
async fn everything_holds_below_a_path() {
    let server = TestServer::start(&[("POSTERN_URL", "http://localhost:3081/auth")]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (_, tokens) = app.sign_in(ADA, &[]).await;
    assert_eq!(app.verified(tokens.id.as_deref().expect("an ID token")).await["iss"], "http://localhost:3081/auth");
    let root = server.base.trim_end_matches("/auth");
    for path in ["/.well-known/oauth-authorization-server/auth", "/.well-known/openid-configuration/auth"] {
        let found = reqwest::get(format!("{root}{path}")).await.expect("an answer");
        assert_eq!(found.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn an_access_token_says_what_rfc_9068_asks() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (_, tokens) = app.sign_in(ADA, &[("resource", "https://api.example/")]).await;
    let header = jsonwebtoken::decode_header(&tokens.access).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let claims = payload(&tokens.access);
    assert_eq!(claims["aud"], json!(["https://api.example/", server.app.config.web.issuer()]));
    assert_eq!((&claims["client_id"], &claims["scope"]), (&json!("app"), &json!("openid profile email")));
    assert!(claims["jti"].is_string() && claims["auth_time"].is_i64() && claims.get("roles").is_none());
}

#[tokio::test]
async fn the_answer_travels_as_the_app_wants_it() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let answer = app.follow(&browser, &app.request(&[("response_mode", "fragment")])).await;
    assert!(answer.header("location").starts_with("https://app.example/cb#code="), "{answer:?}");
    let page = app.follow(&browser, &app.request(&[("response_mode", "form_post")])).await.expect(200);
    assert!(page.body.contains("action=\"https:&#x2f;&#x2f;app.example&#x2f;cb\""), "SEC-060: {}", page.body);
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.example;"), "{page:?}");
    let form = browser.form(&page).await;
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    let code = &form[0].1;
    let _ = Tokens::from(&app.exchange(code).await);
}

#[tokio::test]
async fn ten_tabs_all_come_through() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::at(&server);
    let mut pages = Vec::new();
    for tab in 0..10 {
        let path = app.request(&[("state", &format!("tab {tab}")), ("nonce", &format!("nonce {tab}"))]);
        let begun = browser.open(&path).await.expect(303);
        pages.push(begun.header("location").to_owned());
    }
    // One tab signs in; each of them then goes on with its own request.
    browser.sign_in(ADA, crate::support::PASSWORD).await.expect(303);
    for (tab, page) in pages.iter().enumerate().rev() {
        let fields = app.answered(&app.follow(&browser, page).await);
        assert_eq!(fields["state"], format!("tab {tab}"));
        let tokens = Tokens::from(&app.exchange(&fields["code"]).await);
        assert_eq!(payload(&tokens.id.expect("an ID token"))["nonce"], format!("nonce {tab}"));
    }
}

/// Ten sign-in forms stand open, and a person fills in each of them: the first one signs them in.
#[tokio::test]
async fn ten_tabs_with_a_form_each_all_come_through() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::at(&server);
    let mut forms = Vec::new();
    for tab in 0..10 {
        let page = app.follow(&browser, &app.request(&[("state", &format!("tab {tab}"))])).await.expect(200);
        forms.push(browser.form(&page).await);
    }
    let same = || Some((HeaderName::from_static("sec-fetch-site"), "same-origin"));
    for (tab, form) in forms.iter().enumerate() {
        let typed = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let typed = typed.filter(|(name, _)| !["email", "password"].contains(name));
        let typed: Vec<_> = typed.chain([("email", ADA), ("password", PASSWORD)]).collect();
        let went = browser.post("/login", &typed, same()).await.expect(303);
        assert_eq!(went.headers.contains_key("set-cookie"), tab == 0, "tab {tab}: only the first one signs in");
        let fields = app.answered(&app.follow(&browser, went.header("location")).await);
        assert_eq!((&*fields["state"], fields.contains_key("code")), (&*format!("tab {tab}"), true));
    }
}

/// A form without its token signs nobody in, and leads nobody away.
#[tokio::test]
async fn sec_031_a_form_of_another_session_changes_nothing() {
    let server = TestServer::start(&[]).await;
    for email in [ADA, "bob@fernwood.example"] {
        server.sign_up(email).await;
    }
    let site = HeaderName::from_static("sec-fetch-site");
    let typed = [("email", "bob@fernwood.example"), ("password", PASSWORD), ("csrf", "forged")];
    let nobody = Browser::at(&server);
    nobody.open("/login").await.expect(200);
    nobody.post("/login", &typed, Some((site.clone(), "same-origin"))).await.expect(403);
    let ada = Browser::signed_in(&server, ADA).await;
    ada.post("/login", &typed, None).await.expect(403);
    ada.post("/login", &typed, Some((site.clone(), "cross-site"))).await.expect(403);
    for (return_to, to) in [("/account/apps", "/account/apps"), ("https://evil.example/", "/account")] {
        let typed: Vec<_> = typed.into_iter().chain([("return_to", return_to)]).collect();
        let went = ada.post("/login", &typed, Some((site.clone(), "same-origin"))).await.expect(303);
        assert_eq!(went.header("location"), to);
    }
    assert!(ada.open("/account").await.expect(200).body.contains(ADA), "still the same person");
}

#[tokio::test]
async fn prompt_and_max_age_decide_what_is_shown() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::at(&server);
    let silent = app.answered(&app.follow(&browser, &app.request(&[("prompt", "none")])).await);
    assert_eq!(silent["error"], "login_required");
    let first = app.code(&browser, ADA, &[]).await;
    let first = payload(&Tokens::from(&app.exchange(&first).await).id.expect("an ID token"));
    let silent = app.answered(&app.follow(&browser, &app.request(&[("prompt", "none")])).await);
    assert!(silent.contains_key("code"), "{silent:?}");

    server.pass(Duration::from_secs(120));
    for asked in [("prompt", "login"), ("max_age", "60"), ("prompt", "select_account"), ("max_age", "0")] {
        let page = app.follow(&browser, &app.request(&[asked])).await.expect(200);
        assert!(page.body.contains("name=\"password\"") && page.body.contains(ADA), "{asked:?}: SEC-061");
        let code = app.code(&browser, ADA, &[asked]).await;
        let again = payload(&Tokens::from(&app.exchange(&code).await).id.expect("an ID token"));
        assert!(again["auth_time"].as_i64() > first["auth_time"].as_i64(), "{asked:?}");
        assert_eq!(again["sid"], first["sid"], "the same person keeps the session");
        server.pass(Duration::from_secs(120));
    }
    let young = app.answered(&app.follow(&browser, &app.request(&[("max_age", "3600")])).await);
    assert!(young.contains_key("code"));
}

#[tokio::test]
async fn a_hint_names_the_only_one_who_will_do() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    for email in [ADA, "bob@fernwood.example"] {
        server.sign_up(email).await;
    }
    let (browser, tokens) = app.sign_in(ADA, &[]).await;
    let hint = tokens.id.expect("an ID token");
    let silent = |hint: String| app.request(&[("prompt", "none"), ("id_token_hint", &hint)]);
    assert!(app.answered(&app.follow(&browser, &silent(hint.clone())).await).contains_key("code"));
    let bob = Browser::signed_in(&server, "bob@fernwood.example").await;
    let refused = app.answered(&app.follow(&bob, &silent(hint.clone())).await);
    assert_eq!(refused["error"], "login_required");
    let forged = app.answered(&app.follow(&browser, &silent(format!("{hint}x"))).await);
    assert_eq!(forged["error"], "invalid_request");
}

#[tokio::test]
async fn a_sub_among_the_claims_must_hold_in_every_form() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    for email in [ADA, "bob@fernwood.example"] {
        server.sign_up(email).await;
    }
    let (browser, ada) = app.sign_in(ADA, &[]).await;
    let (_, bob) = app.sign_in("bob@fernwood.example", &[]).await;
    let sub = |tokens: &Tokens| payload(tokens.id.as_deref().expect("an ID token"))["sub"].clone();
    let (hers, his) = (sub(&ada), sub(&bob));
    let id = |tokens: &Tokens| tokens.id.clone().expect("an ID token");
    for (wish, hint, error) in [
        (json!({"value": hers}), id(&ada), ""),
        (json!({"values": [his, hers]}), String::new(), ""),
        (json!({"values": ["x"]}), String::new(), "login_required"),
        (json!({"values": [his]}), String::new(), "login_required"),
        (json!({"value": 123}), String::new(), "login_required"),
        (json!({"value": hers}), id(&bob), "login_required"),
        (json!({"value": his}), id(&ada), "login_required"),
        (json!({"value": hers}), "forged".to_owned(), "invalid_request"),
    ] {
        let claims = json!({"id_token": {"sub": wish}}).to_string();
        let path = app.request(&[("prompt", "none"), ("claims", &claims), ("id_token_hint", &hint)]);
        let answer = app.answered(&app.follow(&browser, &path).await);
        assert_eq!(answer.get("error").map_or("", String::as_str), error, "{wish} {hint}");
    }
}

#[tokio::test]
async fn an_unconfirmed_person_is_told_how_to_get_in() {
    let server = TestServer::start(&[]).await;
    let strict = App::at(&server, "strict");
    server.sign_up(ADA).await;
    server.sign_up("bob@fernwood.example").await;
    let bob = Browser::signed_in(&server, "bob@fernwood.example").await;
    let page = strict.follow(&bob, &strict.request(&[])).await.expect(403);
    assert!(page.body.contains("postern user verify bob@fernwood.example"), "{}", page.body);
    let silent = strict.answered(&strict.follow(&bob, &strict.request(&[("prompt", "none")])).await);
    assert_eq!(silent["error"], "interaction_required");
    // The first account is the operator's own, whose address counts as theirs.
    strict.sign_in(ADA, &[]).await;
}
