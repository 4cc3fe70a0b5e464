//! The way there and back, and everybody who tries to bend it.

use std::time::Duration;

use serde_json::json;

use crate::support::Browser;
use crate::support::gate::{Gate, each_gate, refused};
use crate::support::upstream::{asked_with, back};

#[tokio::test(flavor = "multi_thread")]
async fn sec_094_every_request_has_a_state_a_nonce_and_a_challenge_of_its_own() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let mut seen = std::collections::HashSet::new();
    for connector in ["openid", "google", "github", "discord", "facebook", "staff", "openid"] {
        let location = gate.leaves(&browser, connector).await;
        assert_eq!(asked_with(&location, "code_challenge_method"), "S256", "{location}");
        assert_eq!(asked_with(&location, "response_type"), "code", "{location}");
        let callback = format!("http://localhost:3081/oauth/{connector}/callback");
        assert_eq!(asked_with(&location, "redirect_uri"), callback);
        for name in ["state", "nonce", "code_challenge"] {
            let value = asked_with(&location, name);
            assert!(value.len() >= 43, "{name}: {location}");
            assert!(seen.insert(value), "{name} was used before");
        }
    }
    let rows = gate.database_text().await;
    assert!(seen.iter().all(|secret| !rows.contains(secret)), "the database knows none of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_094_a_state_is_needed_and_is_good_for_ten_minutes_and_its_own_connector() {
    each_gate(&[], async |gate| {
        let browser = Browser::at(&gate.server);
        let location = gate.leaves(&browser, "openid").await;
        let state = asked_with(&location, "state");
        for wrong in ["", "pst_cf_", &state[..state.len() - 1], &format!("{state}A"), &state.to_lowercase()] {
            browser
                .open(&back(&location, &[("code", "1"), ("state", wrong), ("iss", &gate.upstream.issuer)]))
                .await
                .expect(400);
        }
        browser.open(&back(&location, &[("code", "1")])).await.expect(400);
        // The same state at another connector's callback is another one's.
        let good = gate.upstream.lets_in(&location, &json!({}));
        browser.open(&good.replace("/openid/", "/google/")).await.expect(400);
        browser.open(&good.replace("/openid/", "/staff/")).await.expect(400);
        assert_eq!(browser.open(&good).await.expect(303).header("location"), "/account/security");
        let late = gate.upstream.lets_in(&gate.leaves(&browser, "openid").await, &json!({}));
        gate.server.pass(Duration::from_secs(600));
        browser.open(&late).await.expect(400);
        let asked = gate.upstream.asked("POST /token").len();
        assert_eq!(asked, 1, "a code is exchanged only for its own state");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_097_an_answer_counts_once_in_the_browser_that_began_on_whichever_node() {
    each_gate(&[], async |gate| {
        let other = gate.another_node(&[]).await;
        let (browser, thief) = (Browser::at(&gate.server), Browser::at(&gate.server));
        let good = gate.upstream.lets_in(&gate.leaves(&browser, "openid").await, &json!({}));
        // Login CSRF, and a stolen address: another browser, even one with a sign-in of its own under way.
        gate.leaves(&thief, "openid").await;
        thief.open(&good).await.expect(400);
        assert!(!thief.is_signed_in().await);
        let tries = (0..10).map(|number| {
            let (browser, elsewhere) = (browser.clone(), browser.clone().moved(&other));
            let (good, number) = (good.clone(), number);
            async move { if number % 2 == 0 { browser.open(&good).await } else { elsewhere.open(&good).await } }
        });
        let answers = futures_util::future::join_all(tries).await;
        let entered = answers.iter().filter(|answer| answer.header("location") == "/account/security").count();
        assert_eq!((entered, answers.iter().filter(|answer| answer.status == 400).count()), (1, 9));
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_of_many_tabs_do_not_disturb_each_other() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let mut ways = Vec::new();
    for connector in ["openid", "google", "openid"] {
        ways.push(gate.leaves(&browser, connector).await);
    }
    for location in ways.iter().rev() {
        let answer = browser
            .open(&gate.upstream.lets_in(location, &json!({"email": format!("{}@example.com", location.len())})))
            .await;
        assert_eq!(answer.header("location"), "/account/security", "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_096_an_answer_of_another_issuer_or_of_none_is_refused() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let own = gate.upstream.issuer.clone();
    for issuer in ["https://evil.example", "", &format!("{own}/"), &own.to_uppercase()] {
        for answer in [("code", "1"), ("error", "access_denied")] {
            let location = gate.leaves(&browser, "openid").await;
            let state = asked_with(&location, "state");
            let path = back(&location, &[answer, ("state", &state), ("iss", issuer)]);
            assert_eq!(refused(&browser.open(&path).await), "provider_failed", "{issuer}");
        }
    }
    assert_eq!(gate.upstream.asked("POST /token").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_their_mind_over_there_comes_back_to_the_sign_in_page() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let own = gate.upstream.issuer.clone();
    for (error, code) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("server_error", "provider_failed"),
        ("<script>alert(1)</script>", "provider_failed"),
    ] {
        let location = gate.leaves(&browser, "openid").await;
        let state = asked_with(&location, "state");
        let path =
            back(&location, &[("error", error), ("state", &state), ("iss", &own), ("error_description", "<b>x")]);
        let answer = browser.open(&path).await;
        assert_eq!(refused(&answer), code, "{error}");
        let page = browser.open(answer.header("location")).await.expect(200).body;
        let again = "/oauth/openid?return_to=&#x2f;account&#x2f;security";
        assert!(page.contains("OpenID did not sign you in") && page.contains(again), "{page}");
        assert!(!page.contains("alert(1)") && !page.contains("<b>x"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_stand_there_twice_and_answers_that_say_two_things_are_refused() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let own = gate.upstream.issuer.clone();
    let location = gate.leaves(&browser, "openid").await;
    let state = asked_with(&location, "state");
    let twice = format!("{}&state=other", gate.upstream.lets_in(&location, &json!({})));
    browser.open(&twice).await.expect(400);
    let both = back(&location, &[("code", "1"), ("error", "access_denied"), ("state", &state), ("iss", &own)]);
    assert_eq!(refused(&browser.open(&both).await), "provider_failed");
    let location = gate.leaves(&browser, "openid").await;
    let neither = back(&location, &[("state", &asked_with(&location, "state")), ("iss", &own)]);
    assert_eq!(refused(&browser.open(&neither).await), "provider_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_103_a_provider_that_is_down_or_answers_nonsense_harms_nobody() {
    let gate = Gate::open(&[("POSTERN_OUTBOUND_TIMEOUT", "1s")]).await;
    let browser = Browser::at(&gate.server);
    let token = |id: &str| json!({"access_token": "a", "token_type": "Bearer", "id_token": id});
    for (status, media_type, body, code) in [
        (200, "text/html", "<html>Welcome</html>".to_owned(), "provider_failed"),
        (200, "application/json", String::new(), "provider_failed"),
        (200, "application/json", "{}".to_owned(), "provider_failed"),
        (200, "application/json", "[1]".to_owned(), "provider_failed"),
        (200, "application/json", json!({"error": "invalid_grant"}).to_string(), "provider_failed"),
        (400, "application/json", json!({"error": "invalid_client"}).to_string(), "provider_failed"),
        (400, "text/plain", "Bad Request".to_owned(), "provider_failed"),
        (307, "text/plain", String::new(), "provider_failed"),
        (429, "text/html", String::new(), "temporarily_unavailable"),
        (502, "text/html", "<html>".to_owned(), "temporarily_unavailable"),
        (200, "application/json", json!({"access_token": "a"}).to_string(), "provider_failed"),
        (200, "application/json", token("").to_string(), "provider_failed"),
        (200, "application/json", token("a.b.c").to_string(), "provider_failed"),
        (200, "application/json", token("a.b.c.d.e").to_string(), "provider_failed"),
        (
            200,
            "application/json",
            format!("{{\"access_token\": \"{}\"}}", "a".repeat(2 << 20)),
            "temporarily_unavailable",
        ),
    ] {
        gate.upstream.says_text("POST /token", status, media_type, &body);
        let answer = gate.enters(&browser, "openid", &json!({})).await;
        assert_eq!(refused(&answer), code, "{status} {}", &body[..body.len().min(80)]);
    }
    let location = gate.leaves(&browser, "openid").await;
    gate.upstream.falls_silent(true);
    let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await;
    assert_eq!(refused(&answer), "temporarily_unavailable");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_keeps_nobody_from_starting_or_from_the_others() {
    let gate = Gate::open(&[("POSTERN_OUTBOUND_TIMEOUT", "1s")]).await;
    let browser = Browser::at(&gate.server);
    gate.upstream.says("GET /.well-known/openid-configuration", 500, &json!({}));
    let answer = browser.open("/oauth/openid?return_to=%2Faccount").await;
    assert_eq!(refused(&answer), "temporarily_unavailable");
    // To begin at GitHub asks nobody.
    for connector in ["github", "discord", "facebook"] {
        gate.leaves(&browser, connector).await;
    }
    // It is asked again, though not at once.
    let asked = gate.upstream.asked("GET /.well-known/openid-configuration").len();
    browser.open("/oauth/openid?return_to=%2Faccount").await.expect(303);
    assert_eq!(gate.upstream.asked("GET /.well-known/openid-configuration").len(), asked);
    gate.server.pass(Duration::from_secs(3));
    browser.open("/oauth/openid?return_to=%2Faccount").await.expect(303);
    gate.server.pass(Duration::from_secs(3));
    // However many come meanwhile, that is not for ever.
    gate.upstream.says("GET /.well-known/openid-configuration", 200, &gate.upstream.document());
    gate.comes_in("openid", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_126_a_provider_at_a_private_address_is_called_only_where_the_operator_says_so() {
    let gate = Gate::open(&[("POSTERN_ALLOW_PRIVATE_ADDRESSES", "")]).await;
    let browser = Browser::at(&gate.server);
    let answer = browser.open("/oauth/openid?return_to=%2Faccount").await;
    assert_eq!(refused(&answer), "temporarily_unavailable");
    let location = gate.leaves(&browser, "github").await;
    let state = asked_with(&location, "state");
    let answer = browser.open(&back(&location, &[("code", "1"), ("state", &state)])).await;
    assert_eq!(refused(&answer), "temporarily_unavailable");
    assert!(gate.upstream.asked("POST /github/token").is_empty(), "nobody was called");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_033_head_begins_and_ends_nothing_and_unknown_connectors_are_404() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let good = gate.upstream.lets_in(&gate.leaves(&browser, "openid").await, &json!({}));
    let header = (reqwest::header::ACCEPT, "*/*");
    let head = browser.open_with(reqwest::Method::HEAD, &good, header.clone()).await;
    assert!(head.cookie_lines().is_empty() && head.header("location").is_empty(), "{head:?}");
    assert_eq!(browser.open(&good).await.expect(303).header("location"), "/account/security");
    for path in
        ["/oauth/success", "/oauth/error", "/oauth/apple", "/oauth/openid/", "/oauth/openid/callback/x", "/oauth/"]
    {
        browser.open(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_062_a_return_address_elsewhere_ends_at_the_account() {
    let gate = Gate::open(&[]).await;
    for to in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        &format!("/{}", "a".repeat(3000)),
    ] {
        let browser = Browser::at(&gate.server);
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", to).finish();
        let location = browser.open(&format!("/oauth/openid?{query}")).await.expect(303).header("location").to_owned();
        let answer = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
        assert_eq!(answer.header("location"), "/account", "{to}");
    }
}
