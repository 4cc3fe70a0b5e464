//! Codes: exchanged once, by whom they were made for.

use std::time::Duration;

use sea_orm::{ConnectionTrait, EntityTrait};

use crate::support::relying_party::VERIFIER;
use crate::support::{App, Browser, CLIENT_SECRET, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid offline_access")];

#[tokio::test]
async fn sec_053_a_second_use_ends_what_the_first_one_got() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let browser = Browser::at(server);
        let code = app.code(&browser, ADA, OFFLINE).await;
        let tokens = Tokens::from(&app.exchange(&code).await);
        assert!(server.is_active(&tokens.access).await);
        let again = app.exchange(&code).await;
        assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
        assert!(!server.is_active(&tokens.access).await, "its access token is dead");
        let refreshed = app.refresh(&tokens.refresh.expect("a refresh token")).await;
        assert_eq!((refreshed.status, refreshed.text("error").as_str()), (400, "invalid_grant"));
        assert_eq!(app.userinfo(&tokens.access).await.status, 401);
    })
    .await;
}

/// What is kept of an opaque token is written with the end of its code, or neither is.
#[tokio::test]
async fn sec_053_a_code_whose_exchange_fails_midway_can_be_exchanged_again() {
    each(&[], async |server| {
        let app = App::at(server, "opaque");
        server.sign_up(ADA).await;
        let code = app.code(&Browser::at(server), ADA, OFFLINE).await;
        let alter = async |statement: &'static str| {
            let write = server
                .app
                .database
                .write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(statement).await?) }));
            write.await.expect("a table of another name");
        };
        alter("ALTER TABLE access_tokens RENAME TO access_tokens_away").await;
        for _ in 0..2 {
            let failed = app.exchange(&code).await;
            assert!(failed.status >= 500, "{failed:?}");
        }
        alter("ALTER TABLE access_tokens_away RENAME TO access_tokens").await;
        let tokens = Tokens::from(&app.exchange(&code).await);
        assert!(
            server.is_active(&tokens.access).await && server.is_active(tokens.refresh.as_deref().expect("one")).await
        );
        App::expect_refusal(&app.exchange(&code).await, "invalid_grant");
        assert!(!server.is_active(&tokens.access).await);
    })
    .await;
}

/// Whoever is first gets an answer, and may not keep it: one of them has stolen the code.
#[tokio::test(flavor = "multi_thread")]
async fn sec_053_of_twenty_at_once_one_wins_and_keeps_nothing() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let browser = Browser::at(server);
        let untouched = Tokens::from(&app.exchange(&app.code(&browser, ADA, OFFLINE).await).await);
        let node = server.another_node(&[]).await;
        for at_once in [20, 2, 2] {
            let code = app.code(&browser, ADA, OFFLINE).await;
            let tries = (0..at_once).map(|number| {
                let site = if number % 2 == 0 { &server.site } else { &node.site };
                let (app, code) = (App::at(site, "app"), code.clone());
                tokio::spawn(async move { app.exchange(&code).await })
            });
            let mut won = Vec::new();
            for one in tries.collect::<Vec<_>>() {
                match one.await.expect("an answer") {
                    answer if answer.status == 200 => won.push(Tokens::from(&answer)),
                    answer => App::expect_refusal(&answer, "invalid_grant"),
                }
            }
            let [tokens] = won.as_slice() else { panic!("{at_once}: {won:?}") };
            let refresh = tokens.refresh.as_deref().expect("a refresh token");
            for token in [&tokens.access, refresh] {
                assert!(!server.is_active(token).await && !node.is_active(token).await, "{at_once}: it lives");
            }
            App::expect_refusal(&app.refresh(refresh).await, "invalid_grant");
            app.userinfo(&tokens.access).await.expect(401);
        }
        assert!(server.is_active(&untouched.access).await, "what other codes gave stays");
        node.stop().await;
    })
    .await;
}

/// An opaque token is a row of its grant: whoever was first may find that gone before the answer.
#[tokio::test(flavor = "multi_thread")]
async fn sec_053_nobody_keeps_an_opaque_token_of_a_code_that_was_raced_for() {
    each(&[], async |server| {
        let app = App::at(server, "opaque");
        server.sign_up(ADA).await;
        let browser = Browser::at(server);
        for at_once in [20, 2] {
            let code = app.code(&browser, ADA, OFFLINE).await;
            let answers = futures_util::future::join_all((0..at_once).map(|_| app.exchange(&code))).await;
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
            assert!(won.len() <= 1, "{won:?}");
            lost.iter().for_each(|answer| App::expect_refusal(answer, "invalid_grant"));
            for tokens in won.iter().map(Tokens::from) {
                assert!(!server.is_active(&tokens.access).await);
                App::expect_refusal(&app.refresh(tokens.refresh.as_deref().expect("one")).await, "invalid_grant");
            }
            let left = entity::access_token::Entity::find().all(server.app.database.read()).await.expect("rows");
            assert!(left.is_empty(), "{left:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_052_sec_054_a_code_fits_one_client_one_address_one_minute() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let refused = |answer: crate::support::Answer| {
        assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{answer:?}");
    };
    let code = app.code(&browser, ADA, &[]).await;
    assert!(code.len() >= 43, "256 bits");
    refused(App::at(&server, "lax").exchange(&code).await);
    let elsewhere = App { redirect_uri: "https://app.example/other".into(), ..app.clone() };
    refused(elsewhere.exchange(&code).await);
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    refused(app.token(&fields).await);
    refused(app.exchange(&format!("{code}x")).await);
    let _ = Tokens::from(&app.exchange(&code).await);

    let code = app.code(&browser, ADA, &[]).await;
    server.pass(Duration::from_secs(60));
    refused(app.exchange(&code).await);
}

#[tokio::test]
async fn sec_051_the_verifier_is_asked_where_a_challenge_was_given_and_only_there() {
    let server = TestServer::start(&[]).await;
    let lax = App::at(&server, "lax");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let exchange = async |code: &str, verifier: Option<&str>| {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &lax.redirect_uri)];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        lax.token(&fields).await.status
    };
    let bare: &[(&str, &str)] = &[("code_challenge", ""), ("code_challenge_method", "")];
    let code = lax.code(&browser, ADA, bare).await;
    assert_eq!(exchange(&code, Some(VERIFIER)).await, 400, "somebody took the challenge out");
    assert_eq!(exchange(&code, None).await, 200);
    let code = lax.code(&browser, ADA, &[]).await;
    assert_eq!(exchange(&code, None).await, 400);
    assert_eq!(exchange(&code, Some(&VERIFIER.replace('d', "e"))).await, 400);
    assert_eq!(exchange(&code, Some(VERIFIER)).await, 200);
}

#[tokio::test]
async fn sec_016_a_code_dies_with_its_session_and_with_a_ban() {
    each(&[], async |server| {
        let app = App::at(server, "app");
        server.sign_up(ADA).await;
        let browser = Browser::at(server);
        let code = app.code(&browser, ADA, &[]).await;
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        assert_eq!(app.exchange(&code).await.text("error"), "invalid_grant");
        let code = app.code(&browser, ADA, &[]).await;
        let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada");
        let doer = postern::services::accounts::Doer::command();
        server.app.accounts.ban(user.id, Default::default(), doer).await.expect("banned");
        assert_eq!(app.exchange(&code).await.text("error"), "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn sec_066_sec_067_sec_070_sec_072_the_token_endpoint_says_what_is_wrong() {
    let server = TestServer::start(&[]).await;
    let (app, machine, spa) = (App::at(&server, "app"), App::at(&server, "machine"), App::at(&server, "spa"));
    let error = |answer: crate::support::Answer| (answer.status, answer.text("error"));
    for (client, fields, expected) in [
        (&app, vec![], "invalid_request"),
        (&app, vec![("grant_type", "password"), ("username", ADA), ("password", "x")], "unsupported_grant_type"),
        (&app, vec![("grant_type", "implicit")], "unsupported_grant_type"),
        (&app, vec![("grant_type", "client_credentials")], "unauthorized_client"),
        (&spa, vec![("grant_type", "client_credentials")], "unauthorized_client"),
        (&machine, vec![("grant_type", "authorization_code"), ("code", "x")], "unauthorized_client"),
        (&machine, vec![("grant_type", "client_credentials"), ("scope", "openid")], "invalid_scope"),
        (&machine, vec![("grant_type", "client_credentials"), ("scope", "other")], "invalid_scope"),
        (&machine, vec![("grant_type", "client_credentials"), ("resource", "https://x.example")], "invalid_target"),
        (&app, vec![("grant_type", "authorization_code")], "invalid_request"),
        (&app, vec![("grant_type", "refresh_token")], "invalid_request"),
    ] {
        assert_eq!(error(client.token(&fields).await), (400, expected.to_owned()), "{fields:?}");
    }
    for (id, secret) in [("app", "wrong"), ("nobody", CLIENT_SECRET), ("spa", CLIENT_SECRET), ("app", "")] {
        let request = server.request(reqwest::Method::POST, "/oauth2/token").basic_auth(id, Some(secret));
        let answer = server.send(request.form(&[("grant_type", "authorization_code")])).await;
        assert!(answer.header("www-authenticate").starts_with("Basic"));
        assert_eq!(error(answer), (401, "invalid_client".to_owned()), "{id}");
    }
    // A confidential client cannot leave its secret out.
    let request = server.request(reqwest::Method::POST, "/oauth2/token");
    let answer = server.send(request.form(&[("grant_type", "authorization_code"), ("client_id", "app")])).await;
    assert_eq!(error(answer), (401, "invalid_client".to_owned()));
    let request = server.request(reqwest::Method::POST, "/oauth2/token?grant_type=authorization_code");
    let answer = server.send(request.basic_auth("app", Some(CLIENT_SECRET)).form(&[("code", "x")])).await;
    assert_eq!(error(answer), (400, "invalid_request".to_owned()), "SEC-070");
}

#[tokio::test]
async fn sec_130_a_public_clients_own_pages_may_read_its_tokens() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let spa = App::at(&server, "spa");
    let page = spa.follow(&browser, &spa.request(&[])).await.expect(200);
    let form = browser.form(&page).await;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "allow"));
    let allowed = browser.post("/consent", &fields, None).await.expect(303);
    let code = spa.answered(&spa.follow(&browser, allowed.header("location")).await)["code"].clone();
    let token = async |origin: &'static str, code: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &spa.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", "spa"),
        ];
        let request = server.request(reqwest::Method::POST, "/oauth2/token").header("origin", origin);
        server.send(request.form(&fields)).await
    };
    let answer = token("https://spa.example", &code).await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://spa.example");
    let refused = token("https://spa.example", "no code").await.expect(400);
    assert_eq!(refused.header("access-control-allow-origin"), "https://spa.example", "why it failed, too");
    let revoke = async |origin: &'static str, token: &str| {
        let fields = [("token", token), ("client_id", "spa")];
        let request = server.request(reqwest::Method::POST, "/oauth2/revoke").header("origin", origin);
        server.send(request.form(&fields)).await
    };
    for (given, status) in [("a token", 200), ("", 400)] {
        let answer = revoke("https://spa.example", given).await.expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), "https://spa.example");
        assert_eq!(answer.header("vary"), "Origin");
    }
    for origin in ["https://evil.example", "null", "https://app.example"] {
        for answer in [token(origin, &code).await, revoke(origin, "a token").await] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        }
    }
}
