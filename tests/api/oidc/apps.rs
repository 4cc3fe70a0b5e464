//! The apps that a person has let in: seen, and signed out.

use std::time::Duration;

use postern::services::audit::Actor;
use postern::services::clients::{AuthMethod, Metadata};

use crate::support::{App, Browser, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid email offline_access")];
const PAGE: &str = "/account/apps";

/// Signs `email` in at `app` and allows what it asks for.
async fn allow(app: &App, email: &str) -> (Browser, Tokens) {
    let browser = Browser::signed_in(&app.site, email).await;
    let page = app.follow(&browser, &app.request(OFFLINE)).await.expect(200);
    let form = browser.form(&page).await;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("decision", "allow"));
    let given = browser.post("/consent", &fields, None).await.expect(303);
    let answer = app.follow(&browser, given.header("location")).await;
    let code = app.answered(&answer)["code"].clone();
    (browser, Tokens::from(&app.exchange(&code).await))
}

/// The ids that the page lists, in order.
async fn listed(browser: &Browser) -> Vec<String> {
    let page = browser.open(PAGE).await.expect(200).body;
    let rest = page.split("name=\"end\" value=\"").skip(1);
    rest.filter_map(|it| it.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn apps_that_asked_and_apps_that_did_not_are_listed_and_signed_out() {
    each(&[], async |server| {
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let (app, guest, tv) = (App::at(server, "app"), App::at(server, "guest"), App::at(server, "tv"));
        let nobody = Browser::signed_in(server, JONAS).await.open(PAGE).await.expect(200).body;
        assert!(nobody.contains("None so far"), "{nobody}");

        let (_, trusted) = app.sign_in(ADA, OFFLINE).await;
        server.pass(Duration::from_secs(60));
        let (browser, asked) = allow(&guest, ADA).await;
        server.pass(Duration::from_secs(60));
        let device = tv.device("openid offline_access").await;
        browser.let_in(&device).await;
        let on_device = Tokens::from(&tv.poll(&device).await);
        assert_eq!(listed(&browser).await, ["tv", "guest", "app"], "the last used first");
        let page = browser.open(PAGE).await.expect(200).body;
        for text in ["guest &amp; co", "guest.example", "see your e-mail address", "Last used", "tv.example"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        // A refresh is a use.
        server.pass(Duration::from_secs(60));
        let refreshed = Tokens::from(&app.refresh(trusted.refresh.as_deref().expect("one")).await);
        assert_eq!(listed(&browser).await, ["app", "tv", "guest"]);

        for (end, left) in [("guest", vec!["app", "tv"]), ("app", vec!["tv"]), ("tv", vec![])] {
            let done = browser.submit(PAGE, PAGE, &[("end", end)]).await.expect(303);
            assert!(browser.open(done.header("location")).await.expect(200).body.contains("Signed out."));
            assert_eq!(listed(&browser).await, left);
        }
        for (app, tokens) in [(&guest, &asked), (&app, &refreshed), (&tv, &on_device)] {
            assert!(!server.is_active(&tokens.access).await, "{}", app.id);
            App::expect_refusal(&app.refresh(tokens.refresh.as_deref().expect("one")).await, "invalid_grant");
        }
        assert!(browser.is_signed_in().await, "the person stays");
        let devices = browser.open("/account/sessions").await.expect(200).body;
        assert!(!devices.contains("fernwood-terminal"), "nothing is left of the device: {devices}");
        let silent = guest.answered(&guest.follow(&browser, &guest.request(&[("prompt", "none")])).await);
        assert_eq!(silent["error"], "consent_required");
    })
    .await;
}

#[tokio::test]
async fn sec_034_sec_031_a_person_signs_out_own_apps_by_our_own_form() {
    each(&[], async |server| {
        for email in [ADA, JONAS] {
            server.sign_up(email).await;
        }
        let (_, tokens) = App::at(server, "app").sign_in(ADA, OFFLINE).await;
        let (ada, jonas) = (Browser::signed_in(server, ADA).await, Browser::signed_in(server, JONAS).await);
        assert!(listed(&jonas).await.is_empty());
        for end in ["app", "nonsense", ""] {
            jonas.submit(PAGE, PAGE, &[("end", end)]).await.expect(404);
        }
        for token in ["", "forged", jonas.token("/account").await.as_str()] {
            ada.post(PAGE, &[("end", "app"), ("csrf", token)], None).await.expect(403);
        }
        assert!(server.is_active(&tokens.access).await);
        assert_eq!(listed(&ada).await, ["app"]);
        ada.submit(PAGE, PAGE, &[("end", "app")]).await.expect(303);
        assert!(!server.is_active(&tokens.access).await);
    })
    .await;
}

#[tokio::test]
async fn sec_043_a_device_that_was_let_in_and_signed_out_again_gets_nothing() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let (first, second) = (tv.device("openid").await, tv.device("openid").await);
        browser.let_in(&first).await;
        let tokens = Tokens::from(&tv.poll(&first).await);
        browser.let_in(&second).await;
        browser.submit(PAGE, PAGE, &[("end", "tv")]).await.expect(303);
        assert!(!server.is_active(&tokens.access).await);
        App::expect_refusal(&tv.poll(&second).await, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_device_that_gives_its_token_up_leaves_no_session() {
    each(&[], async |server| {
        let tv = App::at(server, "tv");
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let device = tv.device("openid offline_access").await;
        browser.let_in(&device).await;
        let tokens = Tokens::from(&tv.poll(&device).await);
        let devices = async || browser.open("/account/sessions").await.expect(200).body;
        assert!(devices().await.contains("fernwood-terminal"));
        let token = tokens.refresh.expect("a refresh token");
        tv.call("/oauth2/revoke", &[("token", &token)]).await.expect(200);
        assert!(!devices().await.contains("fernwood-terminal"));
        assert!(!server.is_active(&tokens.access).await && listed(&browser).await.is_empty());
    })
    .await;
}

/// Whoever comes by the id of a client that was removed is somebody else.
#[tokio::test]
async fn sec_043_a_removed_client_leaves_nothing_to_the_next_of_its_id() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let app = App::at(server, "passing");
        let id = entity::ClientId::new(app.id);
        let add = async || {
            let metadata = Metadata {
                token_endpoint_auth_method: AuthMethod::None,
                redirect_uris: vec![app.redirect_uri.parse().expect("an address")],
                ..Metadata::default()
            };
            server.app.clients.add(id.clone(), metadata, Actor::Command).await.expect("added");
        };
        add().await;
        let (browser, tokens) = allow(&app, ADA).await;
        assert!(server.is_active(&tokens.access).await);
        server.app.grants.remove_client(&server.app.clients, &id, Actor::Command).await.expect("removed");
        assert!(!server.is_active(&tokens.access).await && listed(&browser).await.is_empty());
        add().await;
        assert!(!server.is_active(&tokens.access).await);
        let refreshed = app.refresh(tokens.refresh.as_deref().expect("a refresh token")).await;
        assert_eq!((refreshed.status, refreshed.text("error").as_str()), (400, "invalid_grant"));
        let silent = app.request(&[("prompt", "none"), OFFLINE[0]]);
        assert_eq!(app.answered(&app.follow(&browser, &silent).await)["error"], "consent_required");
    })
    .await;
}
