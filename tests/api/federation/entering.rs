//! First sign-in, return, and whose account it is.

use postern::services::accounts::Doer;
use serde_json::json;

use crate::support::gate::{Gate, each_gate, refused};
use crate::support::upstream::{CLIENT_ID, SECRET, asked_with};
use crate::support::{App, Browser, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_gets_an_account_and_comes_back_to_the_same() {
    each_gate(&[], async |gate| {
        let browser = gate.comes_in("openid", &json!({})).await;
        assert!(browser.is_signed_in().await);
        let first = gate.who("ada@example.com").await.expect("an account");
        assert_eq!(
            (&first["name"], &first["username"], &first["provider"], &first["verified"], &first["password"]),
            (&json!("Ada Example"), &json!("ada"), &json!("openid"), &json!(true), &json!(false))
        );
        // The address and the name over there change; the person stays.
        let other = json!({"email": "ada@other.example", "name": "Ada Other"});
        gate.comes_in("openid", &other).await;
        assert_eq!(gate.who("ada@example.com").await, Some(first));
        assert_eq!(gate.who("ada@other.example").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_request_goes_on_after_a_sign_in_elsewhere() {
    let gate = Gate::open(&[]).await;
    let (browser, app) = (Browser::at(&gate), App::at(&gate, "app"));
    let page = app.follow(&browser, &app.request(&[])).await.expect(200);
    let button = page.body.split("href=\"").find(|text| text.starts_with("/oauth/openid?")).expect("a button");
    let path = button.split('"').next().unwrap_or_default().replace("&#x2f;", "/").replace("&amp;", "&");
    let location = browser.open(&path).await.expect(303).header("location").to_owned();
    let back = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
    let answer = app.follow(&browser, back.header("location")).await;
    let fields = app.answered(&answer);
    let tokens = app.exchange(&fields["code"]).await.expect(200).json();
    let claims = app.verified(tokens["id_token"].as_str().expect("an ID token")).await;
    let told = app.userinfo(tokens["access_token"].as_str().expect("a token")).await.expect(200).json();
    assert_eq!((&told["email"], &told["email_verified"]), (&json!("ada@example.com"), &json!(true)));
    assert_eq!(claims["amr"], json!([]), "nothing is known of how the provider asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_098_only_connector_issuer_and_subject_are_a_person() {
    each_gate(&[], async |gate| {
        gate.comes_in("openid", &json!({})).await;
        // Another subject with everything else the same is somebody else, and so is the same subject in
        // another case or at another connector.
        let others = [("openid", "5F1D7A84"), ("openid", "5f1d7a84 "), ("google", "5f1d7a84")];
        for (number, (connector, sub)) in others.into_iter().enumerate() {
            let email = format!("other{number}@example.com");
            gate.comes_in(connector, &json!({"sub": sub, "email": email})).await;
            assert!(gate.who(&email).await.is_some(), "{connector} {sub:?}");
        }
        let browser = Browser::at(&gate.server);
        for sub in [
            json!(""),
            json!("   "),
            json!(17),
            json!(null),
            json!(["5f1d7a84"]),
            json!("a".repeat(256)),
            json!("\u{430}da"),
        ] {
            let answer = gate.enters(&browser, "openid", &json!({"sub": sub})).await;
            assert_eq!(refused(&answer), "provider_failed", "{sub}");
        }
        assert!(!browser.is_signed_in().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_104_an_address_opens_an_account_only_when_both_sides_have_proven_it() {
    each_gate(&[], async |gate| {
        // The first account is the operator's, and its address counts as confirmed.
        gate.server.sign_up("operator@example.com").await;
        gate.server.sign_up("ben@example.com").await;
        gate.server.sign_up("cleo@example.com").await;
        let cleo = gate.server.app.users.by_email("cleo@example.com").await.expect("a read").expect("an account");
        gate.server.app.accounts.verify_email(cleo.id, Doer::command()).await.expect("confirmed");
        let (yes, no) = (json!(true), json!(false));
        for (connector, email, verified, comes_in) in [
            ("openid", "operator@example.com", &no, false),
            ("staff", "operator@example.com", &yes, false),
            ("openid", "ben@example.com", &yes, false),
            ("openid", "ben@example.com", &no, false),
            ("openid", "BEN@Example.com", &yes, false),
            // That the first account's address counts as confirmed is the operator's own word (SEC-007).
            ("openid", "operator@example.com", &yes, false),
            ("openid", "Cleo@EXAMPLE.com", &yes, true),
        ] {
            let browser = Browser::at(&gate.server);
            let claims = json!({"sub": format!("{email} {verified}"), "email": email, "email_verified": verified});
            let answer = gate.enters(&browser, connector, &claims).await.expect(303);
            assert_eq!(browser.is_signed_in().await, comes_in, "{connector} {email} {verified}");
            assert_eq!(answer.header("location") == "/account/security", comes_in, "{answer:?}");
        }
        let cleo = gate.who("cleo@example.com").await.expect("an account");
        assert_eq!((&cleo["provider"], &cleo["password"]), (&json!("local"), &json!(true)));
        gate.server.login("cleo@example.com", PASSWORD).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_108_look_alike_addresses_are_other_people_or_none() {
    let gate = Gate::open(&[]).await;
    gate.server.sign_up("ada@example.com").await;
    let browser = Browser::at(&gate.server);
    for (number, email) in
        ["\u{430}da@example.com", "ada@ex\u{430}mple.com", "adm\u{131}n@example.com"].iter().enumerate()
    {
        let claims = json!({"sub": format!("other {number}"), "email": email, "preferred_username": null});
        gate.enters(&browser, "openid", &claims).await.expect(303);
    }
    for email in [
        "ada\u{200b}@example.com",
        "ada@example.com,eve@evil.example",
        "Ada <ada@example.com>",
        "ada@example.com@evil.example",
        "\"ada@example.com\"@evil.example",
        "\u{ff41}da@example.com",
        "",
    ] {
        let answer = gate.enters(&browser, "openid", &json!({"sub": format!("odd {email}"), "email": email})).await;
        let why = refused(&answer);
        // Some are not even text that a subject may hold.
        assert!(why == "email_missing" || why == "provider_failed", "{email}: {why}");
    }
    let first = gate.who("ada@example.com").await.expect("an account");
    assert_eq!(first["roles"], json!(["admin"]), "the account that was there is as it was");
    assert_eq!(
        gate.app
            .users
            .identities(first["id"].as_str().expect("an id").parse().expect("one"))
            .await
            .expect("a read")
            .len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_016_disabled_and_banned_people_do_not_come_in_this_way_either() {
    use postern::services::accounts::{Doer, NewBan};
    each_gate(&[], async |gate| {
        gate.comes_in("openid", &json!({})).await;
        let id = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account").id;
        let browser = Browser::at(&gate.server);
        gate.app.accounts.ban(id, NewBan::default(), Doer::command()).await.expect("banned");
        gate.enters(&browser, "openid", &json!({})).await.expect(403);
        gate.app.accounts.unban(id, Doer::command()).await.expect("unbanned");
        gate.app.accounts.disable(id, Doer::command()).await.expect("disabled");
        gate.enters(&browser, "openid", &json!({})).await.expect(403);
        assert!(!browser.is_signed_in().await);
        gate.app.accounts.enable(id, Doer::command()).await.expect("enabled");
        gate.comes_in("openid", &json!({})).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_007_the_first_account_is_no_administrator_when_a_connector_makes_it() {
    let gate = Gate::open(&[]).await;
    gate.comes_in("openid", &json!({"preferred_username": "admin"})).await;
    let ada = gate.who("ada@example.com").await.expect("an account");
    assert_eq!((&ada["roles"], &ada["username"]), (&json!(["user"]), &json!("ada.example")));
    gate.server.sign_up("operator@example.com").await;
    assert_eq!(gate.who("operator@example.com").await.expect("an account")["roles"], json!(["admin"]));
}

/// Somebody with an address that nobody vouches for may connect an account here, and gets none.
async fn asks_and_makes_none(gate: &Gate, connector: &str, claims: &serde_json::Value) {
    let browser = Browser::at(&gate.server);
    let answer = gate.enters(&browser, connector, claims).await.expect(303);
    let path = answer.header("location").to_owned();
    let page = browser.open(&path).await.expect(200).body;
    assert!(page.contains("makes no account") && !page.contains("name=\"register\""), "{page}");
    browser.submit("/login", &path, &[("register", "yes")]).await.expect(403);
    assert_eq!(gate.who("ada@example.com").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_only_where_that_is_switched_on_and_for_domains_that_are_allowed() {
    let closed: &[(&str, &str)] = &[
        ("ALLOW_SOCIAL_REGISTRATION", "false"),
        ("POSTERN_OPENID_REGISTRATION", "false"),
        ("POSTERN_ALLOWED_EMAIL_DOMAINS", "example.com"),
    ];
    let gate = Gate::open(closed).await;
    let browser = Browser::at(&gate.server);
    for connector in ["openid", "google"] {
        assert_eq!(refused(&gate.enters(&browser, connector, &json!({})).await), "registration_off", "{connector}");
    }
    asks_and_makes_none(&gate, "staff", &json!({})).await;
    let gate = Gate::open(&[("POSTERN_ALLOWED_EMAIL_DOMAINS", "example.com"), ("ALLOW_SOCIAL_REGISTRATION", "")]).await;
    let browser = Browser::at(&gate.server);
    for email in ["ada@sub.example.com", "ada@example.com.evil.example", "ada@notexample.com"] {
        let answer = gate.enters(&browser, "openid", &json!({"email": email})).await;
        assert_eq!(refused(&answer), "forbidden", "{email}");
    }
    // Anybody may have written it.
    asks_and_makes_none(&gate, "openid", &json!({"email_verified": false})).await;
    assert_eq!(refused(&gate.enters(&browser, "google", &json!({})).await), "registration_off");
    gate.comes_in("openid", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_no_account_and_userinfo_may_have_it() {
    let gate = Gate::open(&[]).await;
    let browser = Browser::at(&gate.server);
    let bare = json!({"email": null, "email_verified": null, "name": null, "preferred_username": null});
    assert_eq!(refused(&gate.enters(&browser, "openid", &bare).await), "email_missing");
    let userinfo = json!({"sub": "somebody else", "email": "eve@evil.example", "email_verified": true});
    gate.upstream.says("GET /userinfo", 200, &userinfo);
    assert_eq!(refused(&gate.enters(&browser, "openid", &bare).await), "provider_failed");
    let userinfo = json!({"sub": "5f1d7a84", "email": "ada@example.com", "email_verified": "true", "name": "Ada"});
    gate.upstream.says("GET /userinfo", 200, &userinfo);
    gate.comes_in("openid", &bare).await;
    let ada = gate.who("ada@example.com").await.expect("an account");
    assert_eq!((&ada["verified"], &ada["name"]), (&json!(true), &json!("Ada")));
    let asked = gate.upstream.asked("GET /userinfo");
    assert!(asked.iter().all(|asked| asked.head.contains("authorization: Bearer an access token")), "{asked:?}");
    // The word for one address does not count for another.
    let split = json!({"sub": "other", "email": "ben@example.com", "email_verified": null, "name": null, "preferred_username": null});
    gate.upstream.says("GET /userinfo", 200, &json!({"sub": "other", "email_verified": true, "name": "Ben"}));
    gate.comes_in("openid", &split).await;
    assert_eq!(gate.who("ben@example.com").await.expect("an account")["verified"], false);
    // Who has all that is needed in the ID token does without one that is down; who has not is told to wait.
    let eve = json!({"sub": "eve", "email": "eve@example.com", "name": null});
    gate.upstream.says("GET /userinfo", 503, &json!({}));
    gate.comes_in("openid", &eve).await;
    assert_eq!(refused(&gate.enters(&browser, "openid", &bare).await), "temporarily_unavailable");
    gate.upstream.floods("GET /userinfo");
    gate.comes_in("openid", &eve).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_travels_as_the_provider_wants_it() {
    let gate = Gate::open(&[]).await;
    gate.comes_in("openid", &json!({})).await;
    let asked = gate.upstream.asked("POST /token").pop().expect("asked");
    // RFC 6749 section 2.3.1: both are form-encoded first.
    let basic = "Basic cG9zdGVybithdCt1cHN0cmVhbTphK3NlY3JldCslMkYrd2l0aCslMkIrc2lnbnM=";
    assert!(asked.head.contains(&format!("authorization: {basic}")), "{}", asked.head);
    assert!(!asked.fields.contains_key("client_secret"));
    let browser = Browser::at(&gate.server);
    gate.enters(&browser, "staff", &json!({"sub": "staff"})).await.expect(303);
    let asked = gate.upstream.asked("POST /token").pop().expect("asked");
    assert_eq!((asked.fields["client_id"].as_str(), asked.fields["client_secret"].as_str()), (CLIENT_ID, SECRET));
    assert!(!asked.head.contains("authorization:"));
    let location = gate.leaves(&browser, "openid").await;
    assert_eq!(asked_with(&location, "scope"), "openid profile email");
    assert_eq!(asked_with(&location, "redirect_uri"), "http://localhost:3081/oauth/openid/callback");
}
