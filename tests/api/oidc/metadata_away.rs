//! Clients that nobody declared, once their documents are away or say something else than before.

use std::time::Duration;

use postern::services::clients::ASSERTION_TYPE;
use reqwest::Method;
use serde_json::{Value, json};

use super::assertions::{issuer, now};
use super::consent::decide;
use super::metadata_documents::{
    ASKED, DOCUMENT, allow, borrowed, describe, described, each, is_page, serve, settings,
};
use crate::support::jws::Key;
use crate::support::more_apps::claims;
use crate::support::publisher::Publisher;
use crate::support::relying_party::{VERIFIER, payload};
use crate::support::{Answer, App, Browser, TestServer, Tokens, kinds};

const ADA: &str = "ada@fernwood.example";
/// For how long a document is believed that does not say so.
const FRESH: Duration = Duration::from_secs(3600);
/// For how long an address is left alone after it was read.
const PAUSE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn sec_046_a_document_that_is_away_sends_nobody_on_however_it_says_so() {
    each(&[], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        site.publish("/elsewhere", &describe(site, DOCUMENT, &[]));
        let quill = described(server, site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let mut tokens = allow(&quill, &browser).await;
        let elsewhere = format!("location: {}\r\n", site.at("/elsewhere"));
        for (status, headers) in [
            ("429 Too Many Requests", "retry-after: 1\r\n"),
            ("503 Service Unavailable", "retry-after: 86400\r\ncache-control: max-age=86400\r\n"),
            ("500 No", "cache-control: stale-if-error=86400\r\n"),
            ("404 Not Found", ""),
            ("410 Gone", ""),
            ("304 Not Modified", ""),
            ("302 Found", &elsewhere),
        ] {
            server.pass(FRESH);
            site.answer_with(DOCUMENT, status, headers, "");
            let before = site.heard(DOCUMENT);
            for asked in [ASKED, &[("prompt", "none")]] {
                is_page(&browser.open(&quill.request(asked)).await);
                is_page(&Browser::at(server).open(&quill.request(asked)).await);
            }
            assert_eq!(site.heard(DOCUMENT), before + 1, "{status}: it is asked once, and then left alone");
            // Whoever was let in goes on by the copy.
            tokens = Tokens::from(&quill.refresh(tokens.refresh.as_deref().expect("one")).await);
            quill.userinfo(&tokens.access).await.expect(200);
            server.pass(PAUSE);
            let next = quill.refresh(tokens.refresh.as_deref().expect("one")).await;
            tokens = Tokens::from(&next);
            assert_eq!(site.heard(DOCUMENT), before + 2, "{status}: it is asked before the copy is");
        }
        assert_eq!(site.heard("/elsewhere"), 0);
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        server.pass(PAUSE);
        assert_eq!(browser.open(&quill.request(ASKED)).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn who_was_let_in_goes_on_after_a_restart_while_its_document_is_away() {
    for kind in kinds() {
        let site = Publisher::start().await;
        let server = serve(&site, &kind, &[]).await;
        site.publish(DOCUMENT, &describe(&site, DOCUMENT, &[]));
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(&server, ADA).await;
        let tokens = allow(&described(&server, &site, DOCUMENT), &browser).await;

        let settings = settings(&site, &[]);
        let fresh = server.another_node(&borrowed(&settings)).await;
        site.answer_with(DOCUMENT, "500 No", "", "");
        let quill = described(&fresh, &site, DOCUMENT);
        assert!(fresh.is_active(&tokens.access).await);
        quill.userinfo(&tokens.access).await.expect(200);
        let next = Tokens::from(&quill.refresh(tokens.refresh.as_deref().expect("one")).await);
        let browser = Browser::signed_in(&fresh, ADA).await;
        assert!(browser.open("/account/apps").await.expect(200).body.contains("Quill &amp; co"));
        // A person is sent on only by what the document says now.
        is_page(&browser.open(&quill.request(ASKED)).await);
        fresh.pass(Duration::from_secs(10));
        site.publish(DOCUMENT, &describe(&site, DOCUMENT, &[]));
        assert_eq!(browser.open(&quill.request(ASKED)).await.status, 303);
        quill.call("/oauth2/revoke", &[("token", &next.refresh.expect("one"))]).await.expect(200);
        assert!(!fresh.is_active(&next.access).await);

        // The copy goes when nothing can hang on it any more.
        fresh.pass(Duration::from_secs(9 * 24 * 3600));
        assert_eq!(fresh.app.clients.sweep_documents(10).await.expect("a sweep"), 1);
        fresh.stop().await;
        server.remove().await;
    }
}

#[tokio::test]
async fn a_document_is_believed_for_as_long_as_it_says_within_bounds() {
    each(&[], async |server, site| {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        for (path, headers, fresh) in [
            ("/unsaid", "", minutes(60)),
            ("/said", "cache-control: max-age=600\r\n", minutes(10)),
            ("/aged", "cache-control: max-age=600\r\nage: 300\r\n", minutes(5)),
            ("/never", "cache-control: no-store\r\n", minutes(1)),
            ("/ever", "cache-control: max-age=31536000\r\n", minutes(24 * 60)),
        ] {
            let headers = format!("content-type: application/json\r\n{headers}");
            site.answer_with(path, "200 OK", &headers, &describe(site, path, &[]).to_string());
            let app = described(server, site, path);
            for _ in 0..2 {
                assert_eq!(server.get(&app.request(&[])).await.status, 303, "{path}");
            }
            server.pass(fresh - Duration::from_millis(1));
            assert_eq!(server.get(&app.request(&[])).await.status, 303);
            assert_eq!(site.heard(path), 1, "{path}");
            server.pass(Duration::from_millis(1));
            assert_eq!(server.get(&app.request(&[])).await.status, 303);
            assert_eq!(site.heard(path), 2, "{path}");
        }
        // What it says now counts, and what it said before no more.
        let app = described(server, site, "/said");
        server.pass(minutes(60));
        site.publish("/said", &describe(site, "/said", &[("redirect_uris", json!(["https://other.example/cb"]))]));
        is_page(&server.get(&app.request(&[])).await);
    })
    .await;
}

/// A form to the token endpoint from the network of `from`, by the app whose `key` has signed for it.
async fn prove(server: &TestServer, app: &App, key: &Key, from: &str, fields: &[(&str, &str)]) -> Answer {
    let jti = hex::encode(server.app.random.bytes::<8>());
    let said = claims(app.id, issuer(server), now(server), &jti).to_string();
    let assertion = key.sign(&json!({"alg": "ES256"}), said.as_bytes());
    let proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
    let request = server.request(Method::POST, "/oauth2/token").header("x-forwarded-for", from);
    server.send(request.form(&[fields, &proof].concat())).await
}

/// The document of an app that signs with `key`.
fn signing(site: &Publisher, key: &Key) -> Value {
    let keys = json!({"keys": [key.jwk("a")]});
    describe(site, DOCUMENT, &[("token_endpoint_auth_method", json!("private_key_jwt")), ("jwks", keys)])
}

#[tokio::test]
async fn sec_068_no_copy_stands_in_for_a_document_that_is_there_and_was_not_read() {
    each(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")], async |server, site| {
        let (old, new) = (Key::ec(), Key::ec());
        site.publish(DOCUMENT, &signing(site, &old));
        let quill = described(server, site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let answer = quill.answered(&decide(&quill, &browser, &quill.request(ASKED), "allow").await);
        let exchange = [
            ("grant_type", "authorization_code"),
            ("code", answer["code"].as_str()),
            ("redirect_uri", quill.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        let tokens = Tokens::from(&prove(server, &quill, &old, "192.0.2.1", &exchange).await);
        let refresh = tokens.refresh.expect("a refresh token");
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        // The key was lost, and another one stands there now.
        site.publish(DOCUMENT, &signing(site, &new));
        server.pass(FRESH);
        // Whoever found it keeps us from reading that, by all the calls that their network has.
        let unknown = |number: usize| described(server, site, &format!("/unknown/{number}")).request(&[]);
        for number in 0..30 {
            let request = server.request(Method::GET, &unknown(number)).header("x-forwarded-for", "192.0.2.9");
            is_page(&server.send(request).await);
        }
        let before = site.heard(DOCUMENT);
        prove(server, &quill, &old, "192.0.2.9", &again).await.expect(429);
        assert_eq!(site.heard(DOCUMENT), before, "it was not asked");
        prove(server, &quill, &old, "192.0.2.1", &again).await.expect(401);
        let next = Tokens::from(&prove(server, &quill, &new, "192.0.2.1", &again).await);
        // Nor does the key come back when the document is away.
        server.pass(FRESH);
        site.answer_with(DOCUMENT, "503 No", "", "");
        let again = [("grant_type", "refresh_token"), ("refresh_token", next.refresh.as_deref().expect("one"))];
        prove(server, &quill, &old, "192.0.2.1", &again).await.expect(401);
        let _ = Tokens::from(&prove(server, &quill, &new, "192.0.2.1", &again).await);
    })
    .await;
}

/// Its addresses are its own word, and other apps may live there.
#[tokio::test]
async fn sec_083_an_app_sees_people_by_the_host_of_its_document_whatever_that_says() {
    each(&[], async |server, site| {
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let says = |path: &str, address: &str| {
            let more = [("subject_type", json!("pairwise")), ("redirect_uris", json!([address]))];
            site.publish(path, &describe(site, path, &more));
        };
        let sub = |tokens: &Tokens| payload(tokens.id.as_deref().expect("an ID token"))["sub"].clone();
        let veiled = sub(&App::at(server, "veiled").sign_in(ADA, &[]).await.1);
        let public = sub(&App::at(server, "app").sign_in(ADA, &[]).await.1);

        says(DOCUMENT, "https://quill.example/cb");
        says("/beside.json", "https://veiled.example/cb");
        let quill = described(server, site, DOCUMENT);
        let beside =
            App { redirect_uri: "https://veiled.example/cb".into(), ..described(server, site, "/beside.json") };
        let tokens = allow(&quill, &browser).await;
        let seen = sub(&tokens);
        assert!(seen != veiled && seen != public, "{seen}");
        assert_eq!(sub(&allow(&beside, &browser).await), seen, "another app of that host");
        // It moves in with another app, after people have let it in.
        says(DOCUMENT, "https://veiled.example/cb");
        server.pass(FRESH);
        let next = Tokens::from(&quill.refresh(tokens.refresh.as_deref().expect("one")).await);
        assert_eq!(site.heard(DOCUMENT), 2, "what it says now is known");
        assert_eq!(sub(&next), seen);
        let person = quill.userinfo(&next.access).await.expect(200).json();
        assert_eq!((&person["sub"], &server.introspect(&next.access).await["sub"]), (&seen, &seen));
    })
    .await;
}
