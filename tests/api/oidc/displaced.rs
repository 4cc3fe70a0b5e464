//! Apps that came with a document about themselves, once somebody here has declared them.

use std::time::Duration;

use entity::ClientId;
use postern::services::audit::Actor;
use postern::services::clients::{AuthMethod, Metadata};

use super::metadata_documents::{DOCUMENT, allow, describe, described, each, serve};
use crate::support::patience::until;
use crate::support::publisher::Publisher;
use crate::support::{App, Browser, TestServer, Tokens, kinds};

const ADA: &str = "ada@fernwood.example";
/// It is looked for each second; what is measured here is shared with other tests.
const FELT: Duration = Duration::from_secs(20);

/// Returns when nothing lives any more that the app was given.
async fn ends(server: &TestServer, app: &App, browser: &Browser, tokens: &Tokens) {
    let is_dead = async || !server.is_active(&tokens.access).await;
    until(FELT, "its access token is dead", is_dead).await;
    let refresh = tokens.refresh.as_deref().expect("a refresh token");
    assert!(!server.is_active(refresh).await);
    assert!(app.refresh(refresh).await.status >= 400);
    app.userinfo(&tokens.access).await.expect(401);
    assert!(browser.is_signed_in().await, "the person's own session is another thing");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_an_app_that_is_declared_to_keep_it_out_is_out_at_once() {
    for kind in kinds() {
        let site = Publisher::start().await;
        let file = site.clients_file("");
        let server = serve(&site, &kind, &[("POSTERN_CLIENTS_FILE", &file)]).await;
        site.publish(DOCUMENT, &describe(&site, DOCUMENT, &[]));
        let quill = described(&server, &site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(&server, ADA).await;
        let tokens = allow(&quill, &browser).await;
        assert!(server.is_active(&tokens.access).await);
        site.clients_file(&format!(
            "[[client]]\nclient_id = \"{}\"\ntoken_endpoint_auth_method = \"none\"\n",
            quill.id
        ));
        ends(&server, &quill, &browser, &tokens).await;
        // Taken out of the file again, it begins anew.
        site.clients_file("");
        let is_met = async || quill.follow(&browser, &quill.request(&[])).await.status == 200;
        until(FELT, "its document counts again", is_met).await;
        assert!(!server.is_active(&tokens.access).await);
        server.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_what_an_app_is_granted_once_it_is_declared_stays() {
    each(&[], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let quill = described(server, site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let tokens = allow(&quill, &browser).await;
        let metadata = Metadata {
            token_endpoint_auth_method: AuthMethod::None,
            redirect_uris: vec![quill.redirect_uri.parse().expect("an address")],
            resources: vec!["https://mcp.example/".parse().expect("an address")],
            ..Metadata::default()
        };
        server.app.clients.add(ClientId::new(quill.id), metadata, Actor::Command).await.expect("added");
        ends(server, &quill, &browser, &tokens).await;
        let tokens = allow(&quill, &browser).await;
        server.app.grants.end_displaced(&server.app.clients).await.expect("a database");
        assert!(server.is_active(&tokens.access).await);
        let _ = Tokens::from(&quill.refresh(tokens.refresh.as_deref().expect("one")).await);
    })
    .await;
}
