//! What a person sees of an app before they let it in: where it tells of itself.

use serde_json::json;

use super::metadata_documents as documents;
use crate::support::self_made::OPEN;
use crate::support::{App, Browser, SelfMade, TestServer};

const ADA: &str = "ada@fernwood.example";

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
