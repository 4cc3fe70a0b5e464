//! Consent: asked by name and value, remembered by scope, as easy to refuse as to give.

use postern::error::ErrorKind;
use postern::secret::Secret;
use postern::services::caller::Caller;
use postern::services::grants::{AuthorizationRequest, ClaimsRequest, Prompt, ResponseMode};

use reqwest::header::ORIGIN;

use crate::support::relying_party::{VERIFIER, payload};
use crate::support::{App, Browser, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";

/// Answers the consent page that `path` leads to.
pub(super) async fn decide(app: &App, browser: &Browser, path: &str, decision: &str) -> crate::support::Answer {
    let page = app.follow(browser, path).await.expect(200);
    assert!(page.body.contains("use your account?"), "{}", page.body);
    let form = browser.form(&page).await;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", decision));
    let answer = browser.post("/consent", &fields, None).await.expect(303);
    match answer.header("location").starts_with("/oauth2/") {
        true => app.follow(browser, answer.header("location")).await,
        false => answer,
    }
}

#[tokio::test]
async fn an_app_that_is_not_the_operators_own_has_to_ask() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let silent = guest.answered(&guest.follow(&browser, &guest.request(&[("prompt", "none")])).await);
        assert_eq!(silent["error"], "consent_required");
        let page = guest.follow(&browser, &guest.request(&[])).await.expect(200);
        for text in ["Let guest &amp; co", "guest.example", "see your e-mail address", ADA, "Maren Olsen"] {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
        assert!(page.header("content-security-policy").contains("form-action 'self' https://guest.example;"));
        let cancelled = guest.answered(&decide(&guest, &browser, &guest.request(&[]), "cancel").await);
        assert_eq!((cancelled["error"].as_str(), cancelled["state"].as_str()), ("access_denied", "a state & more"));
        let allowed = guest.answered(&decide(&guest, &browser, &guest.request(&[]), "allow").await);
        let _ = Tokens::from(&guest.exchange(&allowed["code"]).await);

        // It is remembered for this much, and no more.
        let silent = guest.answered(&guest.follow(&browser, &guest.request(&[("prompt", "none")])).await);
        assert!(silent.contains_key("code"), "{silent:?}");
        for wider in [("scope", "openid profile email groups"), ("claims", r#"{"userinfo":{"roles":null}}"#)] {
            let asked = guest.request(&[("prompt", "none"), wider]);
            assert_eq!(guest.answered(&guest.follow(&browser, &asked).await)["error"], "consent_required");
        }
        // Whoever wants it asked again has it asked.
        let again = decide(&guest, &browser, &guest.request(&[("prompt", "consent")]), "allow").await;
        assert!(guest.answered(&again).contains_key("code"));
    })
    .await;
}

/// The form of the consent page in `browser`, allowed.
async fn allowing(guest: &App, browser: &Browser) -> Vec<(String, String)> {
    let page = guest.follow(browser, &guest.request(&[])).await.expect(200);
    let mut form = browser.form(&page).await;
    form.push(("decision".to_owned(), "allow".to_owned()));
    form
}

/// Sends `form` from `browser`, with this token in place of its own, or without any.
async fn send(browser: &Browser, form: &[(String, String)], csrf: Option<&str>) -> u16 {
    let others = form.iter().filter(|(name, _)| name != "csrf").map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = others.chain(csrf.map(|token| ("csrf", token))).collect();
    browser.post("/consent", &fields, None).await.status
}

fn csrf(form: &[(String, String)]) -> &str {
    form.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str()).expect("a token")
}

/// What the owner of `email` has let in.
async fn allowed(server: &TestServer, email: &str) -> usize {
    let user = server.app.users.by_email(email).await.expect("a read").expect("a person");
    server.app.grants.consents(user.id).await.expect("a read").len()
}

#[tokio::test]
async fn sec_056_sec_031_consent_is_given_by_our_own_page_in_the_browser_that_began() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let browser = Browser::signed_in(server, ADA).await;
        let begun = browser.open(&guest.request(&[])).await.expect(303);
        let form = allowing(&guest, &browser).await;
        // Her own second browser, and another person's, each with a good token of its own.
        for (email, is_victim) in [(ADA, true), (JONAS, false)] {
            let other = Browser::signed_in(server, email).await;
            other.open(begun.header("location")).await.expect(400);
            let own = other.token("/account").await;
            assert_eq!(send(&other, &form, Some(&own)).await, 400, "{is_victim}: the request of another browser");
            assert_eq!(send(&other, &form, Some(csrf(&form))).await, 403, "the token of another browser");
            // Planted in her browser, by a page that knows a token of its own alone.
            assert_eq!(send(&browser, &form, Some(&own)).await, 403);
        }
        for token in [None, Some(""), Some("forged")] {
            assert_eq!(send(&browser, &form, token).await, 403, "{token:?}");
        }
        let whole: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        for from in ["https://guest.example", "https://evil.example", "null"] {
            browser.post("/consent", &whole, Some((ORIGIN, from))).await.expect(403);
        }
        assert_eq!((allowed(server, ADA).await, allowed(server, JONAS).await), (0, 0));
        assert_eq!(send(&browser, &form, Some(csrf(&form))).await, 303);
        assert_eq!((allowed(server, ADA).await, allowed(server, JONAS).await), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn sec_056_a_consent_form_that_was_used_gives_nothing_again() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let browser = Browser::signed_in(server, ADA).await;
        for decision in ["allow", "cancel"] {
            let asked = guest.request(&[("prompt", "consent")]);
            let page = guest.follow(&browser, &asked).await.expect(200);
            let mut form = browser.form(&page).await;
            let request = form.iter().find(|(name, _)| name == "request").expect("its request").1.clone();
            form.push(("decision".to_owned(), decision.to_owned()));
            assert_eq!(send(&browser, &form, Some(csrf(&form))).await, 303);
            let path = format!("/oauth2/authorize/{request}");
            let answer = guest.follow(&browser, &path).await;
            assert_eq!(answer.header("location").contains("code="), decision == "allow", "{answer:?}");
            let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
            server.app.grants.withdraw(user.id, &entity::ClientId::new("guest"), &somebody()).await.expect("withdrawn");
            form.last_mut().expect("the decision").1 = "allow".to_owned();
            assert_eq!(send(&browser, &form, Some(csrf(&form))).await, 400, "{decision}: once more");
            browser.open(&path).await.expect(400);
            browser.open(&format!("/consent?request={request}")).await.expect(400);
            assert_eq!(allowed(server, ADA).await, 0, "{decision}");
        }
        // Nor does whoever signs in next at this browser send what was shown to somebody else.
        let form = allowing(&guest, &browser).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        browser.sign_in(JONAS, crate::support::PASSWORD).await.expect(303);
        assert_eq!(send(&browser, &form, Some(csrf(&form))).await, 403, "SEC-037");
        assert_eq!((allowed(server, ADA).await, allowed(server, JONAS).await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn withdrawing_consent_ends_what_came_of_it() {
    let server = TestServer::start(&[]).await;
    let guest = App::at(&server, "guest");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let asked = guest.request(&[("scope", "openid offline_access")]);
    let allowed = guest.answered(&decide(&guest, &browser, &asked, "allow").await);
    let tokens = Tokens::from(&guest.exchange(&allowed["code"]).await);
    assert!(server.is_active(&tokens.access).await);
    let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
    server.app.grants.withdraw(user.id, &entity::ClientId::new("guest"), &somebody()).await.expect("withdrawn");
    assert!(!server.is_active(&tokens.access).await);
    assert_eq!(guest.refresh(&tokens.refresh.expect("a refresh token")).await.text("error"), "invalid_grant");
    let silent = guest.answered(&guest.follow(&browser, &guest.request(&[("prompt", "none")])).await);
    assert_eq!(silent["error"], "consent_required");
}

fn somebody() -> Caller {
    let address = "192.0.2.1".parse().expect("an address");
    Caller { address, user_agent: String::new(), request_id: String::new() }
}

#[tokio::test]
async fn sec_146_a_person_lets_in_only_so_many_apps() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada").id;
        let key = Secret::parse("pst_ar_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a key");
        let allow = async |number: usize| {
            let request = AuthorizationRequest {
                client_id: entity::ClientId::new(format!("https://app.example/{number}")),
                redirect_uri: "https://app.example/cb".into(),
                state: None,
                response_mode: ResponseMode::Query,
                scope: vec!["openid".into()],
                nonce: None,
                challenge: None,
                prompt: Prompt::default(),
                max_age: None,
                login_hint: None,
                subject: None,
                claims: ClaimsRequest::default(),
                resources: Vec::new(),
            };
            server.app.grants.allow(user, &key, &request, &somebody()).await
        };
        for number in 0..500 {
            allow(number).await.expect("there is room");
        }
        assert_eq!(allow(500).await.expect_err("one too many").kind, ErrorKind::Conflict);
        allow(7).await.expect("it was let in before");
        server
            .app
            .grants
            .withdraw(user, &entity::ClientId::new("https://app.example/7"), &somebody())
            .await
            .expect("gone");
        allow(500).await.expect("there is room again");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_again_for_what_an_app_knows() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let _ = decide(&guest, &browser, &guest.request(&[]), "allow").await;
        for known in [
            r#"{"id_token":{"auth_time":{"essential":true}}}"#,
            r#"{"id_token":{"sub":null}}"#,
            r#"{"id_token":{"acr":{"values":["1"]}}}"#,
            r#"{"userinfo":{"email":null,"made_up":null},"id_token":{"given_name":null}}"#,
        ] {
            let asked = guest.request(&[("prompt", "none"), ("claims", known)]);
            let silent = guest.answered(&guest.follow(&browser, &asked).await);
            assert!(silent.contains_key("code"), "{known}: {silent:?}");
        }
    })
    .await;
}

/// What the person was not shown, no token is good at (RFC 8707 section 2.2).
#[tokio::test]
async fn sec_071_an_app_that_asks_gets_no_resource_that_the_person_was_not_shown() {
    let server = TestServer::start(&[]).await;
    let (guest, api) = (App::at(&server, "guest"), ("resource", "https://api.example/"));
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let exchange = async |code: &str| {
        let proof = [("redirect_uri", guest.redirect_uri.as_str()), ("code_verifier", VERIFIER), api];
        guest.token(&[[("grant_type", "authorization_code"), ("code", code)].as_slice(), &proof].concat()).await
    };
    let unnamed = guest.answered(&decide(&guest, &browser, &guest.request(&[]), "allow").await);
    assert_eq!(exchange(&unnamed["code"]).await.text("error"), "invalid_target");
    let asked = guest.request(&[api, ("prompt", "consent")]);
    let page = guest.follow(&browser, &asked).await.expect(200).body;
    assert!(page.contains("act for you at another service") && page.contains("api.example"), "{page}");
    let named = guest.answered(&decide(&guest, &browser, &asked, "allow").await);
    let audience = payload(&Tokens::from(&exchange(&named["code"]).await).access)["aud"].clone();
    assert!(audience.as_array().is_some_and(|it| it.contains(&api.1.into())), "{audience}");
}

#[tokio::test]
async fn the_page_shows_no_words_of_the_apps_own() {
    let server = TestServer::start(&[]).await;
    let guest = App::at(&server, "guest");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let words = r#"{"userinfo":{"nothing at all. This app was checked by the operator":null,"roles":null}}"#;
    let page = guest.follow(&browser, &guest.request(&[("claims", words)])).await.expect(200).body;
    assert!(page.contains("see single facts about you") && page.contains("roles"), "{page}");
    assert!(!page.contains("nothing at all") && !page.contains("checked by the operator"), "{page}");
}
