//! What a person sees of an app before they let it in: where it tells of itself, and at which other services it
//! would act for them.

use serde_json::json;

use super::consent::decide;
use super::metadata_documents as documents;
use crate::support::self_made::OPEN;
use crate::support::{App, Browser, SelfMade, TestServer, each};

const ADA: &str = "ada@fernwood.example";
const API: (&str, &str) = ("resource", "https://api.example/");
const FILES: (&str, &str) = ("resource", "https://files.example/");

/// The links of `app`'s consent page that leave Postern: where to, and the rest of the tag with its text.
async fn links(app: &App, browser: &Browser) -> Vec<(String, String)> {
    let page = app.follow(browser, &app.request(&[])).await.expect(200).body.replace("&#x2f;", "/");
    assert!(page.contains("use your account?"), "{page}");
    let links = page.split("<a href=\"").skip(1).filter_map(|rest| rest.split_once("</a>")?.0.split_once('"'));
    let away = links.filter(|(address, _)| !address.starts_with('/'));
    away.map(|(address, rest)| (address.to_owned(), rest.to_owned())).collect()
}

fn expected(address: &str, words: &str) -> (String, String) {
    let rest = format!(
        " target=\"_blank\" rel=\"noopener noreferrer\">{words}<span class=\"seen\">, opens in a new tab</span>"
    );
    (address.to_owned(), rest)
}

#[tokio::test]
async fn the_page_leads_to_what_an_app_says_of_itself() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    // Its home page is no https, and so left out.
    let shown = [
        expected("https://legal.guest.example/privacy", "Privacy policy (legal.guest.example)"),
        expected("https://guest.example/terms", "Terms of use (guest.example)"),
    ];
    assert_eq!(links(&App::at(&server, "guest"), &browser).await, shown);
    assert!(links(&App::at(&server, "spa"), &browser).await.is_empty());
}

/// RFC 7591 section 5.
#[tokio::test]
async fn sec_065_an_app_that_nobody_knows_leads_only_to_where_it_takes_people_back() {
    let server = TestServer::start(OPEN).await;
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let pages = [
        ("client_uri", json!("https://bank.example/")),
        ("policy_uri", json!("https://notes.example/privacy")),
        ("tos_uri", json!("https://notes.example:8443/terms")),
    ];
    let notes = SelfMade::unasked(&server, &pages).await;
    let shown = [expected("https://notes.example/privacy", "Privacy policy (notes.example)")];
    assert_eq!(links(&notes.app, &browser).await, shown);
}

#[tokio::test]
async fn sec_065_an_app_with_a_document_leads_only_to_where_that_is() {
    documents::each(&[], async |server, site| {
        let pages = [
            ("policy_uri", json!(site.at("/privacy"))),
            ("tos_uri", json!("https://quill.example/terms")),
            ("logo_uri", json!("javascript:alert(1)")),
        ];
        site.publish(documents::DOCUMENT, &documents::describe(site, documents::DOCUMENT, &pages));
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let quill = documents::described(server, site, documents::DOCUMENT);
        let place = site.base.trim_start_matches("https://");
        let shown = [expected(&site.at("/privacy"), &format!("Privacy policy ({place})"))];
        assert_eq!(links(&quill, &browser).await, shown);
    })
    .await;
}

#[tokio::test]
async fn a_page_of_a_document_that_is_no_address_keeps_no_app_out() {
    documents::each(&[], async |server, site| {
        let pages = [("policy_uri", json!("")), ("tos_uri", json!(7))];
        site.publish(documents::DOCUMENT, &documents::describe(site, documents::DOCUMENT, &pages));
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let quill = documents::described(server, site, documents::DOCUMENT);
        assert!(links(&quill, &browser).await.is_empty());
    })
    .await;
}

/// What was not allowed is asked, whatever else was (RFC 8707 section 3).
#[tokio::test]
async fn sec_071_consent_is_remembered_for_the_resources_that_were_shown() {
    each(&[], async |server| {
        let guest = App::at(server, "guest");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let silent = async |changes: &[(&str, &str)]| {
            let asked = guest.request(&[[("prompt", "none")].as_slice(), changes].concat());
            guest.answered(&guest.follow(&browser, &asked).await)
        };
        decide(&guest, &browser, &guest.request(&[]), "allow").await;
        assert!(silent(&[]).await.contains_key("code"));
        assert_eq!(silent(&[API]).await["error"], "consent_required", "it was not shown");
        let apps = browser.open("/account/apps").await.expect(200).body;
        assert!(!apps.contains("Can act for you"), "{apps}");

        guest.answered(&decide(&guest, &browser, &guest.request(&[API]), "allow").await);
        assert!(silent(&[API]).await.contains_key("code") && silent(&[]).await.contains_key("code"));
        assert_eq!(silent(&[FILES]).await["error"], "consent_required");
        guest.answered(&decide(&guest, &browser, &guest.request(&[FILES]), "allow").await);
        for known in [API, FILES] {
            assert!(silent(&[known]).await.contains_key("code"), "{known:?}");
        }
        let apps = browser.open("/account/apps").await.expect(200).body.replace("&#x2f;", "/");
        assert!(apps.contains("Can act for you at https://api.example/, https://files.example/"), "{apps}");

        // What is taken back has to be asked anew.
        browser.submit("/account/apps", "/account/apps", &[("end", "guest")]).await.expect(303);
        assert_eq!(silent(&[API]).await["error"], "consent_required");
    })
    .await;
}

/// What an app holds without having had to ask.
#[tokio::test]
async fn the_account_shows_where_the_operators_own_apps_act_for_a_person() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let (browser, _) = App::at(&server, "app").sign_in(ADA, &[FILES]).await;
    let apps = browser.open("/account/apps").await.expect(200).body.replace("&#x2f;", "/");
    assert!(apps.contains("Can act for you at https://files.example/<"), "{apps}");
}
