//! Requests that are bent on their way: doubled, carried on with other words, named from elsewhere.

use std::time::Duration;

use reqwest::Method;

use super::metadata_documents::{DOCUMENT, describe, each as each_with_site};
use crate::support::relying_party::{VERIFIER, payload};
use crate::support::{Answer, App, Browser, CLIENT_SECRET, PASSWORD, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";

async fn signed_in(server: &TestServer) -> Browser {
    server.sign_up(ADA).await;
    Browser::signed_in(server, ADA).await
}

/// The fields of an authorization request, one by one.
fn fields(asked: &str) -> Vec<(String, String)> {
    let query = asked.split_once('?').expect("a query").1;
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn sec_049_what_stands_in_a_form_twice_is_refused_wherever_clients_call() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    let browser = signed_in(&server).await;
    let code = app.code(&browser, ADA, &[("scope", "openid offline_access")]).await;
    let pushed = fields(&app.request(&[]));
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let calls: [(&str, Vec<(&str, &str)>); 5] = [
        ("/oauth2/token", exchange.to_vec()),
        ("/oauth2/par", borrowed(&pushed)),
        ("/oauth2/revoke", vec![("token", "x")]),
        ("/oauth2/introspect", vec![("token", "x")]),
        ("/oauth2/device_authorization", vec![("scope", "openid")]),
    ];
    for (path, fields) in calls {
        let id = match path {
            "/oauth2/introspect" => "chat",
            "/oauth2/device_authorization" => "deck",
            _ => "app",
        };
        let send = async |fields: &[(&str, &str)]| {
            let request = server.request(Method::POST, path).basic_auth(id, Some(CLIENT_SECRET));
            server.send(request.form(fields)).await
        };
        for (name, value) in &fields {
            for again in [value, "another"] {
                let answer = send(&[&fields[..], &[(*name, again)]].concat()).await;
                assert_eq!(
                    (answer.status, answer.text("error").as_str()),
                    (400, "invalid_request"),
                    "{path} {name}: {answer:?}"
                );
            }
        }
        let once = send(&fields).await;
        assert!(once.status < 300, "{path}: what was refused has spent nothing: {once:?}");
    }
}

#[tokio::test]
async fn sec_050_what_runs_already_is_bent_by_no_address_and_by_no_form() {
    each(&[], async |server| {
        let (app, guest) = (App::at(server, "app"), App::at(server, "guest"));
        let browser = signed_in(server).await;
        let bent = "response_type=token&response_mode=fragment&redirect_uri=https%3A%2F%2Fapp.example%2Fother\
                    &scope=openid+groups&state=other&nonce=other&client_id=lax&prompt=none&code_challenge=";
        server.pass(Duration::from_secs(1));
        let begun = browser.open(&app.request(&[("prompt", "login")])).await.expect(303);
        let page = begun.header("location");
        let key = page.split("authorize%2F").nth(1).and_then(|rest| rest.split('&').next()).expect("a key");
        let asked = app.request(&[]);
        assert!(
            browser.open(&format!("/oauth2/authorize/{key}?{bent}")).await.header("location").starts_with("/login")
        );
        server.pass(Duration::from_secs(1));
        browser.submit(page, "/login", &[("email", ADA), ("password", PASSWORD)]).await.expect(303);
        let answer = browser.open(&format!("/oauth2/authorize/{key}?{bent}")).await;
        is_as_asked(&app, &answer).await;

        let page = guest.follow(&browser, &guest.request(&[])).await.expect(200);
        let mut form = browser.form(&page).await;
        form.push(("decision".to_owned(), "allow".to_owned()));
        form.extend(fields(&asked.replace("profile", "groups")).into_iter().filter(|(name, _)| name != "client_id"));
        form.push(("client_id".to_owned(), "lax".to_owned()));
        let allowed = browser.post("/consent", &borrowed(&form), None).await.expect(303);
        is_as_asked(&guest, &guest.follow(&browser, allowed.header("location")).await).await;
    })
    .await;
}

/// Fails unless `answer` is to the request that `app` made, with a code for nothing else.
async fn is_as_asked(app: &App, answer: &Answer) {
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{}?code=", app.redirect_uri)), "{answer:?}");
    let answered = app.answered(answer);
    assert_eq!(answered["state"], "a state & more");
    assert!(!answered.contains_key("access_token") && !answered.contains_key("id_token"), "{answered:?}");
    let exchanged = app.exchange(&answered["code"]).await;
    assert_eq!(exchanged.text("scope"), "openid profile email");
    let tokens = Tokens::from(&exchanged);
    assert_eq!(payload(&tokens.id.expect("an ID token"))["nonce"], "a nonce");
}

#[tokio::test]
async fn sec_058_nothing_is_fetched_that_a_request_names() {
    each_with_site(&[], async |server, site| {
        let app = App::at(server, "app");
        let browser = signed_in(server).await;
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let address = site.at("/request.jwt");
        for (name, value, error) in [
            ("request_uri", address.as_str(), "request_uri_not_supported"),
            ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ] {
            let asked = app.request(&[(name, value)]);
            assert_eq!(app.answered(&app.follow(&browser, &asked).await)["error"], error);
            let pushed = app.call("/oauth2/par", &borrowed(&fields(&asked))).await;
            assert_eq!(pushed.status, 400, "{pushed:?}");
            assert!(matches!(pushed.text("error").as_str(), "invalid_request" | "request_not_supported"), "{pushed:?}");
        }
        // With the address alone there is nobody to answer.
        let encoded: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
        browser.open(&format!("/oauth2/authorize?client_id=app&request_uri={encoded}")).await.expect(400);
        assert_eq!(site.heard("/request.jwt"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_059_of_twenty_at_once_with_one_pushed_request_one_goes_on() {
    each(&[], async |server| {
        let pushy = App::at(server, "pushy");
        let browser = signed_in(server).await;
        let uri =
            pushy.call("/oauth2/par", &borrowed(&fields(&pushy.request(&[])))).await.expect(201).text("request_uri");
        let uri: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let path = format!("/oauth2/authorize?client_id=pushy&request_uri={uri}");
        let tries = (0..20).map(|_| {
            let (browser, path) = (browser.clone(), path.clone());
            tokio::spawn(async move { browser.open(&path).await })
        });
        let mut codes = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            let answer = one.await.expect("an answer");
            match answer.status {
                303 => codes.push(pushy.answered(&answer)["code"].clone()),
                _ => assert_eq!((answer.status, answer.header("location")), (400, ""), "{answer:?}"),
            }
        }
        let [code] = codes.as_slice() else { panic!("{codes:?}") };
        let _ = Tokens::from(&pushy.exchange(code).await);
    })
    .await;
}
