//! Documents and addresses that mean no good, and strangers who name them.

use std::time::Duration;

use serde_json::json;

use super::metadata_documents::{DOCUMENT, describe, described, each, is_page};
use crate::support::{Answer, App, Browser, TestServer};

const JSON: &str = "content-type: application/json\r\n";
const ADA: &str = "ada@fernwood.example";

/// A request for `path` that comes from the network of `address`.
async fn get_from(server: &TestServer, address: &str, path: &str) -> Answer {
    server.send(server.request(reqwest::Method::GET, path).header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn sec_126_sec_103_what_is_no_document_of_its_address_is_a_page_and_no_redirect() {
    each(&[], async |server, site| {
        let good = describe(site, DOCUMENT, &[]).to_string();
        let with = |changes: &[(&str, serde_json::Value)]| describe(site, DOCUMENT, changes).to_string();
        let elsewhere = format!("location: {}\r\n{JSON}", site.at("/elsewhere"));
        site.publish("/elsewhere", &describe(site, DOCUMENT, &[]));
        let deep = format!("{{\"x\":{}{},{}", "[".repeat(2000), "]".repeat(2000), &good[1..]);
        let twice = format!("{{\"client_id\":\"{}\",{}", site.at(DOCUMENT), &good[1..]);
        for (status, headers, body) in [
            ("404 Not Found", JSON, good.clone()),
            ("500 No", JSON, good.clone()),
            ("203 Changed", JSON, good.clone()),
            ("302 Found", &elsewhere, good.clone()),
            ("200 OK", "content-type: text/html\r\n", good.clone()),
            ("200 OK", "", good.clone()),
            ("200 OK", JSON, with(&[("client_id", json!(site.at("/other.json")))])),
            ("200 OK", JSON, with(&[("client_secret", json!("s3cr3t"))])),
            ("200 OK", JSON, with(&[("token_endpoint_auth_method", json!("client_secret_post"))])),
            ("200 OK", JSON, with(&[("redirect_uris", json!(["javascript:alert(1)//https://quill.example/cb"]))])),
            ("200 OK", JSON, with(&[("redirect_uris", json!({"0": "https://quill.example/cb"}))])),
            ("200 OK", JSON, with(&[("client_name", json!(["Quill"]))])),
            ("200 OK", JSON, with(&[("client_name", json!("Fern\u{2060}wood"))])),
            ("200 OK", JSON, with(&[("client_name", json!("Fernwood\u{1d173}"))])),
            ("200 OK", JSON, with(&[("jwks", json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}))])),
            ("200 OK", JSON, with(&[("contacts", json!(["x".repeat(1 << 20)]))])),
            ("200 OK", JSON, with(&[("contacts", json!(["x".repeat(5 << 10)]))])),
            ("200 OK", JSON, deep),
            ("200 OK", JSON, twice),
            ("200 OK", JSON, "[]".to_owned()),
            ("200 OK", JSON, String::new()),
        ] {
            site.answer_with(DOCUMENT, status, headers, &body);
            let before = site.heard(DOCUMENT);
            let app = described(server, site, DOCUMENT);
            let answer = server.get(&app.request(&[])).await;
            is_page(&answer);
            assert!(!answer.body.contains("s3cr3t") && !answer.body.contains("localhost"), "{}", answer.body);
            assert_eq!(site.heard(DOCUMENT), before + 1, "{status} {headers} {}", &body[..body.len().min(200)]);
            server.pass(Duration::from_secs(60));
        }
        assert_eq!(site.heard("/elsewhere"), 0);
        // Nothing of that is remembered against it.
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        assert_eq!(server.get(&described(server, site, DOCUMENT).request(&[])).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn sec_126_addresses_that_are_none_or_private_are_not_called() {
    each(&[], async |server, site| {
        let app = described(server, site, DOCUMENT);
        let port = site.base.rsplit(':').next().expect("a port").to_owned();
        for id in [
            site.base.clone(),
            format!("http://127.0.0.1:{port}{DOCUMENT}"),
            site.at("/a/../client.json"),
            site.at("/client.json#x"),
            format!("https://ada@localhost:{port}{DOCUMENT}"),
            format!("https://0x7f.1:{port}{DOCUMENT}"),
            "https://10.0.0.1/client.json".to_owned(),
            "https://169.254.169.254/latest/meta-data/".to_owned(),
            "https://[fd00::1]/client.json".to_owned(),
            site.at(&format!("/{}", "a".repeat(255))),
        ] {
            is_page(&server.get(&app.request(&[("client_id", &id)])).await);
        }
        assert_eq!(site.heard(DOCUMENT) + site.heard("/"), 0);
    })
    .await;
}

#[tokio::test]
async fn sec_103_a_slow_document_is_given_up() {
    each(&[("POSTERN_OUTBOUND_TIMEOUT", "1s")], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        site.hold();
        is_page(&server.get(&described(server, site, DOCUMENT).request(&[])).await);
        site.release();
    })
    .await;
}

/// Interim answers (RFC 9110 section 15.2) are none, however many there are.
#[tokio::test(flavor = "multi_thread")]
async fn sec_103_sec_124_answers_that_never_begin_are_given_up_and_hold_no_place() {
    let settings = [("POSTERN_OUTBOUND_TIMEOUT", "3s"), ("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")];
    each(&settings, async |server, site| {
        // As many as one network may have under way.
        let endless: Vec<String> = (0..8).map(|number| format!("/endless/{number}")).collect();
        let asked = endless.iter().map(async |path| {
            site.answer_with(path, "103 Early Hints", "", "");
            get_from(server, "192.0.2.1", &described(server, site, path).request(&[])).await
        });
        for answer in futures_util::future::join_all(asked).await {
            is_page(&answer);
        }
        assert!(endless.iter().all(|path| site.heard(path) == 1), "each was called");
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let asked = described(server, site, DOCUMENT).request(&[]);
        assert_eq!(get_from(server, "192.0.2.1", &asked).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn sec_046_a_person_goes_only_where_the_document_says() {
    each(&[], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let app = described(server, site, DOCUMENT);
        for foreign in
            ["https://quill.example/cb/", "https://quill.example/", "http://127.0.0.1/other", "https://x.example/"]
        {
            is_page(&server.get(&app.request(&[("redirect_uri", foreign)])).await);
        }
        for own in ["https://quill.example/cb", "http://127.0.0.1:49152/cb"] {
            assert_eq!(server.get(&app.request(&[("redirect_uri", own)])).await.status, 303, "{own}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_065_sec_067_sec_071_what_no_stranger_gets() {
    each(&[], async |server, site| {
        let more = [("trusted", json!(true)), ("introspect", json!("all")), ("require_pkce", json!(false))];
        let more = [&more[..], &[("resources", json!(["https://secret.example/"]))]].concat();
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &more));
        let app = described(server, site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let refused = async |changes: &[(&str, &str)]| {
            let answer = app.answered(&app.follow(&browser, &app.request(changes)).await);
            answer["error"].clone()
        };
        assert_eq!(refused(&[("code_challenge", ""), ("code_challenge_method", "")]).await, "invalid_request");
        assert_eq!(refused(&[("scope", "roles groups introspect")]).await, "invalid_scope");
        assert_eq!(refused(&[("resource", "https://secret.example/")]).await, "invalid_target");
        assert_eq!(refused(&[("prompt", "none")]).await, "consent_required");
        for grant in ["client_credentials", "urn:ietf:params:oauth:grant-type:device_code"] {
            let answer = app.token(&[("grant_type", grant), ("device_code", "x")]).await;
            App::expect_refusal(&answer, "unauthorized_client");
        }
        App::expect_refusal(
            &app.call("/oauth2/device_authorization", &[("scope", "openid")]).await,
            "unauthorized_client",
        );
        let answer = app.call("/oauth2/introspect", &[("token", "x")]).await.expect(401);
        assert_eq!(answer.text("error"), "invalid_client");
        // A secret proves nobody.
        let request = server.request(reqwest::Method::POST, "/oauth2/introspect").basic_auth(app.id, Some("x"));
        server.send(request.form(&[("token", "x")])).await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn sec_124_sec_146_strangers_have_only_so_many_addresses_called() {
    each(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let known = described(server, site, DOCUMENT).request(&[]);
        assert_eq!(get_from(server, "192.0.2.1", &known).await.status, 303);
        let unknown = |number: usize| described(server, site, &format!("/unknown/{number}")).request(&[]);
        for number in 1..30 {
            is_page(&get_from(server, "192.0.2.1", &unknown(number)).await);
        }
        for number in [30, 31] {
            let answer = get_from(server, "192.0.2.1", &unknown(number)).await.expect(429);
            assert_eq!((answer.header("retry-after"), answer.header("location")), ("60", ""));
            assert_eq!(site.heard(&format!("/unknown/{number}")), 0);
        }
        // What is known costs no call, others are not held up, and the same address is not called again at once.
        assert_eq!(get_from(server, "192.0.2.1", &known).await.status, 303);
        for _ in 0..5 {
            is_page(&get_from(server, "192.0.2.2", &unknown(30)).await);
        }
        assert_eq!(site.heard("/unknown/30"), 1);
        server.pass(Duration::from_secs(60));
        is_page(&get_from(server, "192.0.2.1", &unknown(31)).await);
    })
    .await;
}

/// Sites that answer late would hold every place that there is for calls to them.
#[tokio::test(flavor = "multi_thread")]
async fn sec_124_one_network_does_not_take_every_place_for_calls() {
    each(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")], async |server, site| {
        site.hold();
        let ask = |address: &str, path: &str| {
            let asked = described(server, site, path).request(&[]);
            let request = server.request(reqwest::Method::GET, &asked).header("x-forwarded-for", address);
            let site = server.site.clone();
            async move { site.send(request).await }
        };
        // By their /64 the same network.
        let slow: Vec<_> = (0..8)
            .map(|number| tokio::spawn(ask(&format!("2001:db8:1:2::{number}"), &format!("/slow/{number}"))))
            .collect();
        for number in 0..8 {
            site.hears(&format!("/slow/{number}"), 1).await;
        }
        let refused = ask("2001:db8:1:2::99", "/slow/8").await.expect(429);
        assert_eq!((refused.header("retry-after"), refused.header("location")), ("1", ""));
        assert_eq!(site.heard("/slow/8"), 0);
        let other = tokio::spawn(ask("2001:db8:1:3::1", "/slow/9"));
        site.hears("/slow/9", 1).await;
        site.release();
        for one in slow.into_iter().chain([other]) {
            is_page(&one.await.expect("an answer"));
        }
        is_page(&ask("2001:db8:1:2::99", "/slow/8").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reading_serves_all_who_come_at_once() {
    each(&[], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        site.hold();
        let asked = described(server, site, DOCUMENT).request(&[]);
        let coming: Vec<_> = (0..8)
            .map(|_| {
                let (site, asked) = (server.site.clone(), asked.clone());
                tokio::spawn(async move { site.get(&asked).await.status })
            })
            .collect();
        site.hears(DOCUMENT, 1).await;
        site.release();
        for status in coming {
            assert_eq!(status.await.expect("an answer"), 303);
        }
        assert_eq!(site.heard(DOCUMENT), 1);
    })
    .await;
}
