//! GitHub, Google, Discord and Facebook, as they answer.

use serde_json::{Value, json};

use crate::support::gate::{Gate, refused, secret_at};
use crate::support::upstream::{asked_with, back};
use crate::support::{Answer, Browser};

/// Goes to `connector` and comes back with a code, for which the token endpoint answers as usual.
pub(super) async fn comes_back(gate: &Gate, browser: &Browser, connector: &str) -> Answer {
    let location = gate.leaves(browser, connector).await;
    browser.open(&gate.upstream.lets_in(&location, &json!({})).replace(&iss(gate), "")).await
}

/// The parameter that these do not send.
pub(super) fn iss(gate: &Gate) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("iss", &gate.upstream.issuer).finish();
    format!("&{query}")
}

pub(super) fn github_user(more: &Value) -> Value {
    let mut user =
        json!({"login": "ada-example", "id": 1_234_567, "name": "Ada Example", "email": null, "type": "User"});
    for (name, value) in more.as_object().expect("an object") {
        user[name] = value.clone();
    }
    user
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_100_github_only_its_primary_verified_address_counts() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("victim@example.com").await;
    let listed = |address: &str, primary: bool, verified: bool| json!({"email": address, "primary": primary, "verified": verified});
    for (number, (user, emails, expected)) in [
        (
            json!({}),
            json!([listed("a0@example.com", true, true), listed("x@example.com", false, true)]),
            Some(("a0@example.com", true)),
        ),
        (
            json!({"email": "victim@example.com"}),
            json!([listed("a1@example.com", true, true), listed("victim@example.com", false, false)]),
            Some(("a1@example.com", true)),
        ),
        (
            json!({}),
            json!([listed("a2@example.com", true, false), listed("old@example.com", false, true)]),
            Some(("a2@example.com", false)),
        ),
        (json!({"email": "victim@example.com"}), json!([]), None),
        (json!({"email": "victim@example.com"}), json!({"message": "Not Found"}), None),
    ]
    .into_iter()
    .enumerate()
    {
        let mut user = github_user(&user);
        user["id"] = json!(1000 + number);
        gate.upstream.says("GET /github/api/user", 200, &user);
        gate.upstream.says("GET /github/api/user/emails", if emails.is_array() { 200 } else { 404 }, &emails);
        let browser = Browser::at(&gate.server);
        let mut answer = comes_back(&gate, &browser, "github").await;
        match expected {
            Some((email, verified)) => {
                if !verified {
                    gate.registers(&browser, &answer).await;
                    answer = comes_back(&gate, &browser, "github").await;
                }
                assert_eq!(answer.header("location"), "/account/security", "{answer:?}");
                assert_eq!(gate.who(email).await.expect("an account")["verified"], verified);
            }
            None => assert_eq!(refused(&answer), "email_missing"),
        }
    }
    assert_eq!(gate.who("victim@example.com").await.expect("an account")["provider"], "local");
    let asked = gate.upstream.asked("GET /github/api/user").pop().expect("asked");
    assert!(
        asked.head.contains("user-agent: postern/") && asked.head.contains("authorization: Bearer an access token")
    );
    let exchange = gate.upstream.asked("POST /github/token").pop().expect("asked");
    assert!(exchange.head.contains("accept: application/json"));
    assert_eq!(exchange.fields["client_secret"], secret_at("github"));
}

#[tokio::test(flavor = "multi_thread")]
async fn github_people_are_numbers_and_its_errors_come_with_200() {
    let gate = Gate::open(&[]).await;
    let emails = json!([{"email": "ada@example.com", "primary": true, "verified": true}]);
    gate.upstream.says("GET /github/api/user/emails", 200, &emails);
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({"name": null})));
    let browser = Browser::at(&gate.server);
    assert_eq!(comes_back(&gate, &browser, "github").await.header("location"), "/account/security");
    let ada = gate.who("ada@example.com").await.expect("an account");
    assert_eq!((&ada["name"], &ada["username"]), (&json!("ada-example"), &json!("ada-example")));
    // A login that was given up belongs to somebody else: another number.
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({"id": 7_654_321})));
    let eve = json!([{"email": "eve@evil.example", "primary": true, "verified": true}]);
    gate.upstream.says("GET /github/api/user/emails", 200, &eve);
    comes_back(&gate, &Browser::at(&gate.server), "github").await.expect(303);
    assert_ne!(gate.who("eve@evil.example").await.expect("an account")["id"], ada["id"]);
    for id in [json!("1234567"), json!(null), json!(-1), json!(1.5)] {
        gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({"id": id})));
        assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "github").await), "provider_failed", "{id}");
    }
    for (error, code) in [
        ("bad_verification_code", "provider_failed"),
        ("incorrect_client_credentials", "provider_failed"),
        ("unverified_user_email", "email_missing"),
    ] {
        gate.upstream.says_once("POST /github/token", 200, &json!({"error": error, "error_description": "No."}));
        assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "github").await), code, "{error}");
    }
    // Without the Accept header it would be a form; some proxies have it so all the same.
    gate.upstream.says_text(
        "POST /github/token",
        200,
        "application/x-www-form-urlencoded",
        "access_token=gho_1&scope=read%3Auser&token_type=bearer",
    );
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({})));
    assert_eq!(comes_back(&gate, &Browser::at(&gate.server), "github").await.header("location"), "/account/security");
    gate.upstream.says_text("GET /github/api/user", 403, "text/plain", "Request forbidden by administrative rules.");
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "github").await), "provider_failed");
    let too_often = "application/json\r\nx-ratelimit-remaining: 0";
    gate.upstream.says_text("GET /github/api/user", 403, too_often, "{\"message\": \"API rate limit exceeded\"}");
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "github").await), "temporarily_unavailable");
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({"type": "Organization"})));
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "github").await), "provider_failed");
    for (status, error, why) in [
        (403, json!({"message": "Application request limit reached", "code": 4}), "temporarily_unavailable"),
        (400, json!({"message": "Try again", "code": 999, "is_transient": true}), "temporarily_unavailable"),
        (400, json!({"message": "Error validating access token", "code": 190}), "provider_failed"),
    ] {
        gate.upstream.says("GET /facebook/api/me", status, &json!({"error": error}));
        assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "facebook").await), why, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_096_github_says_who_answers_where_it_does() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    for (issuer, code) in
        [("https://evil.example", "provider_failed"), ("https://github.com/login/oauth", "access_denied")]
    {
        let location = gate.leaves(&browser, "github").await;
        let state = asked_with(&location, "state");
        let path = back(&location, &[("error", "access_denied"), ("state", &state), ("iss", issuer)]);
        assert_eq!(refused(&browser.open(&path).await), code);
    }
    // An app that somebody installs at GitHub sends them here with a code and no state.
    browser
        .open("/oauth/github/callback?code=0123456789abcdef0123&installation_id=42&setup_action=install")
        .await
        .expect(400);
    assert!(gate.upstream.asked("POST /github/token").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_100_google_domains_are_a_claim_and_its_older_issuer_is_known() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    for odd in [json!({"iss": "accounts.google.com"}), json!({"azp": "an Android app"})] {
        // The older issuer is Google's alone, not that of whoever stands at another address.
        assert_eq!(refused(&gate.enters(&browser, "google", &odd).await), "provider_failed", "{odd}");
    }
    gate.comes_in("google", &json!({"email_verified": "true", "azp": crate::support::upstream::CLIENT_ID})).await;
    let gate =
        Gate::with_file("[[connector]]\nid = \"google\"\nissuer = \"ISSUER\"\nhosted_domains = [\"example.com\"]\n")
            .await;
    let browser = Browser::at(&gate.server);
    for odd in [
        json!({}),
        json!({"hd": "evil.example"}),
        json!({"hd": "example.com.evil.example"}),
        json!({"hd": ["example.com"]}),
    ] {
        assert_eq!(refused(&gate.enters(&browser, "google", &odd).await), "forbidden", "{odd}");
    }
    gate.comes_in("google", &json!({"hd": "Example.com", "email": "ada@secondary.example"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_people_are_text_of_digits() {
    let gate = Gate::open(&[]).await;
    let user = |more: Value| {
        let mut user = json!({"id": "80351110224678912", "username": "ada.example", "discriminator": "0", "global_name": "Ada ✨",
            "avatar": null, "email": "ada@example.com", "verified": true});
        for (name, value) in more.as_object().expect("an object") {
            user[name] = value.clone();
        }
        user
    };
    for (odd, code) in [
        (json!({"id": 80_351_110_224_678_912_u64}), "provider_failed"),
        (json!({"id": ""}), "provider_failed"),
        (json!({"bot": true}), "provider_failed"),
        (json!({"email": null, "verified": false}), "email_missing"),
    ] {
        gate.upstream.says("GET /discord/api/users/@me", 200, &user(odd.clone()));
        assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "discord").await), code, "{odd}");
    }
    gate.upstream.says("GET /discord/api/users/@me", 200, &user(json!({"verified": false})));
    let browser = Browser::at(&gate.server);
    gate.registers(&browser, &comes_back(&gate, &browser, "discord").await).await;
    let ada = gate.who("ada@example.com").await.expect("an account");
    assert_eq!(
        (&ada["name"], &ada["username"], &ada["verified"]),
        (&json!("Ada ✨"), &json!("ada.example"), &json!(false))
    );
    let limited = json!({"message": "You are being rate limited.", "retry_after": 1.337, "global": false});
    gate.upstream.says("GET /discord/api/users/@me", 429, &limited);
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "discord").await), "temporarily_unavailable");
    gate.upstream.says("POST /discord/token", 400, &json!({"message": "Invalid Form Body", "code": 50035}));
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "discord").await), "provider_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn facebook_is_asked_with_a_proof_and_vouches_for_no_address() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("operator@example.com").await;
    let me = "GET /facebook/api/me";
    gate.upstream.says(me, 200, &json!({"id": "10158000000000001", "name": "Ada Example"}));
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "facebook").await), "email_missing");
    let location = gate.leaves(&Browser::at(&gate.server), "facebook").await;
    assert_eq!(asked_with(&location, "auth_type"), "rerequest", "what was kept back is asked for again");
    gate.upstream.says(me, 200, &json!({"id": "10158000000000001", "name": "Ada Example", "email": "ada@example.com"}));
    let browser = Browser::at(&gate.server);
    gate.registers(&browser, &comes_back(&gate, &browser, "facebook").await).await;
    assert_eq!(gate.who("ada@example.com").await.expect("an account")["verified"], false);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret_at("facebook").as_bytes());
    let proof = hex::encode(aws_lc_rs::hmac::sign(&key, b"an access token"));
    assert_eq!(gate.upstream.asked(me).pop().expect("asked").query["appsecret_proof"], proof);
    gate.upstream.says(me, 200, &json!({"id": "2", "name": "Eve", "email": "operator@example.com"}));
    let answer = comes_back(&gate, &Browser::at(&gate.server), "facebook").await;
    assert!(answer.header("location").starts_with("/login/link/"), "{answer:?}");
    gate.upstream.says(me, 200, &json!({"error": {"message": "Unsupported get request.", "code": 100}}));
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "facebook").await), "provider_failed");
    let used =
        json!({"error": {"message": "This authorization code has been used.", "code": 100, "error_subcode": 36009}});
    gate.upstream.says("POST /facebook/token", 400, &used);
    assert_eq!(refused(&comes_back(&gate, &Browser::at(&gate.server), "facebook").await), "provider_failed");
    let browser = Browser::at(&gate.server);
    let location = gate.leaves(&browser, "facebook").await;
    let old = back(
        &location,
        &[("error_code", "1349126"), ("error_message", "App Not Set Up"), ("state", &asked_with(&location, "state"))],
    );
    assert_eq!(refused(&browser.open(&old).await), "provider_failed");
}
