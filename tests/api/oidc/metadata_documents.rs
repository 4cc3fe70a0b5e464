//! Clients that nobody declared, by the documents about them (Client ID Metadata Documents, as MCP clients
//! use them).

use reqwest::Method;
use serde_json::{Value, json};

use super::assertions::{issuer, now};
use super::consent::decide;
use crate::support::jws::Key;
use crate::support::more_apps::claims;
use crate::support::publisher::Publisher;
use crate::support::relying_party::{VERIFIER, payload};
use crate::support::{Answer, App, Browser, CLIENT_SECRET, Kind, TestServer, Tokens, kinds};

const ADA: &str = "ada@fernwood.example";
const MCP: &str = "https://mcp.example/";
pub(super) const DOCUMENT: &str = "/client.json";
pub(super) const ASKED: &[(&str, &str)] = &[("scope", "openid profile offline_access"), ("resource", MCP)];

/// A server that lets clients describe themselves, and calls the sites of this machine.
pub(super) async fn serve(site: &Publisher, kind: &Kind, changes: &[(&str, &str)]) -> TestServer {
    let settings = settings(site, changes);
    TestServer::on(kind, &borrowed(&settings)).await
}

pub(super) fn borrowed<'a>(settings: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(super) fn settings<'a>(site: &Publisher, changes: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let own = [
        ("POSTERN_CLIENT_METADATA_DOCUMENTS", "true".to_owned()),
        ("POSTERN_OPEN_RESOURCES", MCP.to_owned()),
        ("POSTERN_CA_FILE", site.authority()),
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8".to_owned()),
    ];
    own.into_iter().chain(changes.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
}

/// Runs `test` against such a server, on each kind of database.
pub(super) async fn each(changes: &[(&str, &str)], test: impl AsyncFn(&TestServer, &Publisher)) {
    for kind in kinds() {
        let site = Publisher::start().await;
        let server = serve(&site, &kind, changes).await;
        test(&server, &site).await;
        server.remove().await;
    }
}

/// What an MCP client says of itself at `path`, with members replaced, or taken away by null.
pub(super) fn describe(site: &Publisher, path: &str, changes: &[(&str, Value)]) -> Value {
    let mut document = json!({
        "client_id": site.at(path),
        "client_name": "Quill & co",
        "client_uri": "https://quill.example",
        "redirect_uris": ["https://quill.example/cb", "http://127.0.0.1/cb"],
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "openid profile email offline_access roles introspect",
    });
    for (name, value) in changes {
        document[*name] = value.clone();
    }
    document.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    document
}

/// The app that is described at `path`.
pub(super) fn described(server: &TestServer, site: &Publisher, path: &str) -> App {
    // Names of apps last as long as the tests here.
    let id: &'static str = site.at(path).leak();
    App { site: server.site.clone(), id, redirect_uri: "https://quill.example/cb".into() }
}

/// The tokens that Ada gives the app in `browser`, where she is signed in.
pub(super) async fn allow(app: &App, browser: &Browser) -> Tokens {
    let answer = app.answered(&decide(app, browser, &app.request(ASKED), "allow").await);
    Tokens::from(&app.exchange(&answer["code"]).await)
}

#[track_caller]
pub(super) fn is_page(answer: &Answer) {
    assert_eq!((answer.status, answer.header("location")), (400, ""), "{answer:?}");
    assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
}

#[tokio::test]
async fn an_mcp_client_that_nobody_declared_is_let_in_by_a_person() {
    let file = Publisher::start().await.clients_file(&format!(
        "[[client]]\nclient_id = \"{MCP}\"\nclient_secret = \"{CLIENT_SECRET}\"\nintrospect = \"own\"\n\
         token_endpoint_auth_method = \"client_secret_post\"\n"
    ));
    each(&[("POSTERN_CLIENTS_FILE", &file)], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let quill = described(server, site, DOCUMENT);
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let door = quill.follow(&Browser::at(server), &quill.request(ASKED)).await.expect(200).body;
        // With its port: on one host others may be at each.
        let place = site.base.trim_start_matches("https://");
        assert!(door.contains(&format!("to go on to {place}")) && !door.contains("Quill"), "{door}");
        let page = quill.follow(&browser, &quill.request(ASKED)).await.expect(200);
        for text in [
            "Let Quill &amp; co use your account?",
            &format!("<p class=\"lead\">{place}</p>"),
            "Nobody at",
            "It takes you to <b>quill.example</b>",
            "act for you at another service",
            MCP,
        ] {
            assert!(page.body.replace("&#x2f;", "/").contains(text), "{text}: {}", page.body);
        }
        let tokens = allow(&quill, &browser).await;
        assert_eq!(site.heard(DOCUMENT), 1, "it is read once");
        let seen = server.introspect(&tokens.access).await;
        assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(quill.id)));
        assert!(payload(&tokens.access)["aud"].as_array().expect("two").contains(&json!(MCP)));
        let asked = [("token", &*tokens.access), ("client_id", MCP), ("client_secret", CLIENT_SECRET)];
        let asked = server.request(Method::POST, "/oauth2/introspect").form(&asked);
        assert_eq!(server.send(asked).await.expect(200).json()["active"], true, "the MCP server sees its own");
        assert_eq!(quill.userinfo(&tokens.access).await.expect(200).json()["name"], "Maren Olsen");
        quill.verified(tokens.id.as_deref().expect("an ID token")).await;
        let next = Tokens::from(&quill.refresh(tokens.refresh.as_deref().expect("one")).await);
        let apps = browser.open("/account/apps").await.expect(200).body;
        assert!(apps.contains("Quill &amp; co") && apps.contains(&format!("<p>{place}</p>")), "{apps}");

        // Whoever comes as this app is asked about each time.
        let silent = quill.answered(&quill.follow(&browser, &quill.request(&[("prompt", "none")])).await);
        assert_eq!(silent["error"], "consent_required");
        quill.answered(&decide(&quill, &browser, &quill.request(ASKED), "cancel").await);

        let token = next.refresh.expect("a refresh token");
        quill.call("/oauth2/revoke", &[("token", &token)]).await.expect(200);
        assert!(!server.is_active(&next.access).await);
        App::expect_refusal(&quill.refresh(&token).await, "invalid_grant");
        let document = server.get("/.well-known/oauth-authorization-server").await.expect(200).json();
        assert_eq!(document["client_id_metadata_document_supported"], true);
    })
    .await;
}

#[tokio::test]
async fn where_it_is_off_the_id_is_unknown_and_nothing_is_read() {
    each(&[("POSTERN_CLIENT_METADATA_DOCUMENTS", "false")], async |server, site| {
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[]));
        let quill = described(server, site, DOCUMENT);
        is_page(&server.get(&quill.request(&[])).await);
        assert_eq!(quill.refresh("pst_rt_x").await.expect(401).text("error"), "invalid_client");
        assert_eq!(site.heard(DOCUMENT), 0);
        let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
        assert!(document.get("client_id_metadata_document_supported").is_none());
    })
    .await;
}

#[tokio::test]
async fn sec_068_a_described_client_with_keys_signs_who_it_is() {
    each(&[], async |server, site| {
        let key = Key::ec();
        let method = ("token_endpoint_auth_method", json!("private_key_jwt"));
        site.publish("/keys", &json!({"keys": [key.jwk("a")]}));
        site.publish(DOCUMENT, &describe(site, DOCUMENT, &[method, ("jwks_uri", json!(site.at("/keys")))]));
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
        let sign = |key: &Key| {
            let jti = hex::encode(server.app.random.bytes::<8>());
            let claims = claims(quill.id, issuer(server), now(server), &jti);
            key.sign(&json!({"alg": "ES256", "kid": "a"}), claims.to_string().as_bytes())
        };
        assert_eq!(quill.token(&exchange).await.status, 401, "it is not public");
        assert_eq!(server.assert("/oauth2/token", &sign(&Key::ec()), &exchange).await.status, 401);
        let tokens = Tokens::from(&server.assert("/oauth2/token", &sign(&key), &exchange).await);
        assert!(server.is_active(&tokens.access).await);
        assert_eq!((site.heard(DOCUMENT), site.heard("/keys")), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_declared_client_of_the_same_id_wins() {
    for kind in kinds() {
        let site = Publisher::start().await;
        site.publish(DOCUMENT, &describe(&site, DOCUMENT, &[]));
        let file = site.clients_file(&format!(
            "[[client]]\nclient_id = \"{}\"\ntoken_endpoint_auth_method = \"none\"\n\
             redirect_uris = [\"https://declared.example/cb\"]\n",
            site.at(DOCUMENT)
        ));
        let server = serve(&site, &kind, &[("POSTERN_CLIENTS_FILE", &file)]).await;
        let quill = described(&server, &site, DOCUMENT);
        is_page(&server.get(&quill.request(&[])).await);
        assert_eq!(server.get(&quill.request(&[("redirect_uri", "https://declared.example/cb")])).await.status, 303);
        assert_eq!(site.heard(DOCUMENT), 0);
        server.remove().await;
    }
}

#[tokio::test]
async fn sec_071_an_app_that_registered_itself_may_name_the_open_resources_alone() {
    each(&[("POSTERN_DYNAMIC_REGISTRATION", "open")], async |server, _| {
        let asked = json!({"redirect_uris": ["https://quill.example/cb"], "token_endpoint_auth_method": "none"});
        let registered = server.post("/oauth2/register", &asked).await.expect(201).json();
        let id: &'static str = registered["client_id"].as_str().expect("an id").to_owned().leak();
        let app = App { site: server.site.clone(), id, redirect_uri: "https://quill.example/cb".into() };
        let begun = server.get(&app.request(&[("resource", MCP)])).await.expect(303);
        assert!(begun.header("location").starts_with("/login"), "{begun:?}");
        let refused = server.get(&app.request(&[("resource", "https://secret.example/")])).await.expect(400);
        assert!(refused.body.contains("resource"), "{refused:?}");
        let own = server.request(Method::GET, &format!("/oauth2/register/{id}"));
        let own = own.bearer_auth(registered["registration_access_token"].as_str().expect("a token"));
        assert!(server.send(own).await.expect(200).json().get("resources").is_none(), "it is no word of its own");
    })
    .await;
}
