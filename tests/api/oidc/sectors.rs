//! Apps on several hosts that see people by the ids of one of them (OpenID Connect Core section 8.1).

use reqwest::Method;
use serde_json::{Value, json};

use super::consent::decide;
use crate::support::publisher::Publisher;
use crate::support::relying_party::payload;
use crate::support::self_made::metadata;
use crate::support::{Answer, Browser, SelfMade, TestServer, Tokens, kinds};

const ADA: &str = "ada@fernwood.example";
const SECTOR: &str = "/sector.json";
const HOSTS: [&str; 2] = ["https://one.example/cb", "https://two.example/cb"];

/// Runs `test` against a server that apps register themselves at, and that calls the sites of this machine.
async fn each(test: impl AsyncFn(&TestServer, &Publisher)) {
    for kind in kinds() {
        let site = Publisher::start().await;
        let authority = site.authority();
        let settings = [
            ("POSTERN_DYNAMIC_REGISTRATION", "open"),
            ("POSTERN_CA_FILE", authority.as_str()),
            ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8"),
        ];
        let server = TestServer::on(&kind, &settings).await;
        test(&server, &site).await;
        server.remove().await;
    }
}

/// By its number: names of this machine are nobody's sector.
fn sector(site: &Publisher) -> String {
    site.at(SECTOR).replace("localhost", "127.0.0.1")
}

/// What an app says that is at `redirect_uris` and names the sector of `site`.
fn of_sector(site: &Publisher, redirect_uris: &[&str]) -> Value {
    metadata(&[
        ("redirect_uris", json!(redirect_uris)),
        ("subject_type", json!("pairwise")),
        ("sector_identifier_uri", json!(sector(site))),
    ])
}

/// The `sub` of Ada that the app sees.
async fn seen_by(app: &SelfMade, browser: &Browser) -> String {
    let allowed = app.app.answered(&decide(&app.app, browser, &app.app.request(&[]), "allow").await);
    let tokens = Tokens::from(&app.exchange(&allowed["code"]).await);
    payload(tokens.id.as_deref().expect("an ID token"))["sub"].as_str().expect("a text").to_owned()
}

#[track_caller]
fn is_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_client_metadata"), "{answer:?}");
    assert!(answer.text("error_description").starts_with("sector_identifier_uri: "), "{answer:?}");
}

#[tokio::test]
async fn apps_of_one_sector_see_the_same_ids_wherever_they_are() {
    each(async |server, site| {
        site.publish(SECTOR, &json!([HOSTS[0], HOSTS[1], "https://three.example/cb"]));
        let made = server.register_client(None, &of_sector(site, &HOSTS)).await.expect(201);
        assert_eq!(made.json()["sector_identifier_uri"], json!(sector(site)));
        let both = SelfMade::of(server, &made);
        let third = of_sector(site, &["https://three.example/cb"]);
        let third = SelfMade::of(server, &server.register_client(None, &third).await);
        let alone = [("subject_type", json!("pairwise")), ("redirect_uris", json!([HOSTS[0]]))];
        let alone = SelfMade::unasked(server, &alone).await;
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let seen = seen_by(&both, &browser).await;
        assert_eq!(seen, seen_by(&third, &browser).await);
        assert_ne!(seen, seen_by(&alone, &browser).await);
    })
    .await;
}

/// Dynamic Client Registration section 5: whoever is not named there is not of that sector.
#[tokio::test]
async fn sec_065_nobody_joins_a_sector_that_does_not_name_them() {
    each(async |server, site| {
        let token = server.initial_token(1).await;
        let register = async || server.register_client(Some(&token), &of_sector(site, &HOSTS)).await;
        let elsewhere = format!("location: {}\r\n", site.at("/elsewhere"));
        let good = json!(HOSTS).to_string();
        site.publish("/elsewhere", &json!(HOSTS));
        for (status, headers, body) in [
            ("404 Not Found", "", good.clone()),
            ("302 Found", elsewhere.as_str(), good.clone()),
            ("200 OK", "", json!([HOSTS[0]]).to_string()),
            ("200 OK", "", json!([HOSTS[0], "https://two.example/cb/"]).to_string()),
            ("200 OK", "", json!({"redirect_uris": HOSTS}).to_string()),
            ("200 OK", "", json!([HOSTS[0], [HOSTS[1]]]).to_string()),
            ("200 OK", "", json!(HOSTS.join(" ")).to_string()),
            ("200 OK", "", String::new()),
            ("200 OK", "", format!("[\"{}\",{}", "a".repeat(64 << 10), &good[1..])),
        ] {
            site.answer_with(SECTOR, status, headers, &body);
            is_refused(&register().await);
        }
        assert_eq!((site.heard(SECTOR), site.heard("/elsewhere")), (9, 0));

        // What was refused over its words has cost no use.
        site.publish(SECTOR, &json!(HOSTS));
        let app = SelfMade::of(server, &register().await);
        let change = |redirect_uris: &[&str]| {
            let mut document = of_sector(site, redirect_uris);
            document["client_id"] = json!(app.app.id);
            document
        };
        let wider = change(&[HOSTS[0], HOSTS[1], "https://victim.example/cb"]);
        is_refused(&app.manage(Method::PUT, Some(&wider)).await);
        app.manage(Method::PUT, Some(&change(&HOSTS[1..]))).await.expect(200);
        assert_eq!(app.manage(Method::GET, None).await.json()["redirect_uris"], json!(&HOSTS[1..]));
    })
    .await;
}

#[tokio::test]
async fn sec_124_one_network_has_only_so_many_sectors_read() {
    each(async |server, site| {
        let token = server.initial_token(1).await;
        for number in 0..32 {
            let answer = server.register_client(Some(&token), &of_sector(site, &HOSTS)).await;
            assert_eq!(answer.status, if number < 30 { 400 } else { 429 }, "{number}: {answer:?}");
        }
        assert_eq!(site.heard(SECTOR), 30);
    })
    .await;
}
