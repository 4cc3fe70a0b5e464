//! Clients from which their operator takes something away, after people have granted it.

use serde_json::json;

use super::claims::{WISHES, learnt};
use crate::support::relying_party::payload;
use crate::support::{Answer, App, Browser, TestServer, Tokens, clients_file, each, kinds};

const ADA: &str = "ada@fernwood.example";
const ALL: &str = "openid email roles offline_access";

/// Another node of `server`, whose operator has cut the client `app` down by `lines`.
async fn cut(server: &TestServer, from: &str, to: &str) -> TestServer {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.toml");
    std::fs::write(&path, clients_file().replacen(from, to, 1)).expect("a file");
    server.another_node(&[("POSTERN_CLIENTS_FILE", path.to_str().expect("UTF-8"))]).await
}

/// The same with `scope`, where it might ask for all.
async fn cut_scope(server: &TestServer, scope: &str) -> TestServer {
    cut_scope_of(server, "app", scope).await
}

async fn cut_scope_of(server: &TestServer, id: &str, scope: &str) -> TestServer {
    let name = format!("client_name = \"{id} & co\"\n");
    cut(server, &name, &format!("{name}scope = \"{scope}\"\n")).await
}

/// Fails unless the tokens of `answer` are for `openid email` alone, and end with their session.
async fn is_cut(app: &App, answer: &Answer) {
    let tokens = Tokens::from(answer);
    assert_eq!((answer.text("scope").as_str(), &tokens.refresh), ("openid email", &None), "{answer:?}");
    for said in learnt(app, &tokens).await.iter().chain([&payload(&tokens.access)]) {
        assert!(said.get("roles").is_none() && said.get("name").is_none(), "{said}");
    }
    assert!(app.site.is_active(&tokens.access).await);
}

#[tokio::test]
async fn sec_067_what_was_asked_by_name_goes_when_the_scope_of_the_client_is_cut() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let asked = [("scope", "openid offline_access"), ("claims", WISHES)];
        let (_, tokens) = App::at(server, "app").sign_in(ADA, &asked).await;
        let node = cut_scope(server, "openid profile offline_access").await;
        let app = App::at(&node, "app");
        let later = Tokens::from(&app.refresh(tokens.refresh.as_deref().expect("a refresh token")).await);
        let [person, id] = learnt(&app, &later).await;
        assert_eq!(person["name"], "Maren Olsen", "{person}");
        for (known, name) in [(&person, "email"), (&person, "roles"), (&id, "email"), (&id, "roles")] {
            assert!(known.get(name).is_none(), "{name}: {known}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_043_a_refresh_gives_what_its_client_may_ask_for_today() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let (_, tokens) = App::at(server, "app").sign_in(ADA, &[("scope", ALL)]).await;
        let refresh = tokens.refresh.expect("a refresh token");
        let node = cut_scope(server, "openid email offline_access").await;
        let app = App::at(&node, "app");
        let ask = async |app: &App, scope: &str| {
            app.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", scope)]).await
        };
        for scope in ["", ALL, "email roles"] {
            let answer = ask(&app, scope).await.expect(200);
            let kept = if scope == "email roles" { "email" } else { "openid email offline_access" };
            assert_eq!(answer.text("scope"), kept, "{scope}");
            for token in ["access_token", "id_token"] {
                assert!(payload(&answer.text(token)).get("roles").is_none(), "{scope}: {token}");
            }
        }
        App::expect_refusal(&ask(&app, "roles").await, "invalid_scope");
        let node = cut_scope(server, "openid roles").await;
        App::expect_refusal(&ask(&App::at(&node, "app"), "").await, "invalid_grant");
        assert_eq!(ask(&App::at(server, "app"), "").await.expect(200).text("scope"), ALL, "no refusal has spent it");
    })
    .await;
}

#[tokio::test]
async fn sec_043_a_code_brings_what_its_client_may_ask_for_today() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let app = App::at(server, "app");
        let asked = [("scope", ALL), ("claims", WISHES)];
        let (code, other) = (app.code(&browser, ADA, &asked).await, app.code(&browser, ADA, &asked).await);
        let node = cut_scope(server, "openid email").await;
        is_cut(&App::at(&node, "app"), &App::at(&node, "app").exchange(&code).await).await;
        let node = cut_scope(server, "groups").await;
        App::expect_refusal(&App::at(&node, "app").exchange(&other).await, "invalid_scope");
        assert_eq!(app.exchange(&other).await.expect(200).text("scope"), ALL, "no refusal has spent it");
    })
    .await;
}

#[tokio::test]
async fn sec_043_a_person_is_asked_for_what_the_client_may_ask_for_today() {
    for kind in kinds() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cut.toml");
        std::fs::write(&file, clients_file()).expect("a file");
        let server = TestServer::on(&kind, &[("POSTERN_CLIENTS_FILE", file.to_str().expect("UTF-8"))]).await;
        let reduce = async |scope: &str| {
            let name = "client_name = \"guest & co\"\n";
            let text = clients_file().replacen(name, &format!("{name}scope = \"{scope}\"\n"), 1);
            std::fs::write(&file, text).expect("a file");
            server.app.clients.reload().await;
        };
        server.sign_up(ADA).await;
        let (guest, browser) = (App::at(&server, "guest"), Browser::signed_in(&server, ADA).await);
        let path = browser.open(&guest.request(&[("scope", ALL), ("claims", WISHES)])).await.expect(303);
        let path = path.header("location");
        let page = browser.open(path).await.expect(200);
        assert!(page.body.contains("see your roles") && page.body.contains("stay signed in"), "{}", page.body);
        reduce("openid email").await;
        let page = browser.open(path).await.expect(200).body;
        assert!(page.contains("see your e-mail address"), "{page}");
        assert!(!page.contains("see your roles") && !page.contains("stay signed in"), "{page}");
        // The form from before gives no more either.
        let form = browser.form(&browser.open(path).await).await;
        let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let allowed =
            browser.post("/consent", &[&fields[..], &[("decision", "allow")]].concat(), None).await.expect(303);
        let user = server.app.users.by_email(ADA).await.expect("a read").expect("Ada").id;
        let kept = server.app.grants.consents(user).await.expect("a read");
        assert!(kept.len() == 1 && kept[0].scope == entity::Names::new(["openid", "email"]), "{kept:?}");
        assert!(!kept[0].claims.contains("roles"), "{kept:?}");
        let code = guest.answered(&guest.follow(&browser, allowed.header("location")).await)["code"].clone();
        is_cut(&guest, &guest.exchange(&code).await).await;
        // Nothing is left to ask for.
        let path = browser.open(&guest.request(&[("prompt", "consent"), ("scope", "openid email")])).await.expect(303);
        reduce("groups").await;
        browser.open(path.header("location")).await.expect(400);
        server.remove().await;
    }
}

#[tokio::test]
async fn sec_043_a_device_is_let_in_to_what_its_client_may_ask_for_today() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let tv = App::at(server, "tv");
        let (device, let_in) = (tv.device(ALL).await, tv.device(ALL).await);
        Browser::signed_in(server, ADA).await.let_in(&let_in).await;
        let node = cut_scope_of(server, "tv", "openid email").await;
        let browser = Browser::signed_in(&node, ADA).await;
        let asked = browser.type_code(&device.user_code).await.expect(303);
        let page = browser.open(asked.header("location")).await.expect(200).body;
        assert!(page.contains("see your e-mail address"), "{page}");
        assert!(!page.contains("see your roles") && !page.contains("stay signed in"), "{page}");
        browser.decide(&device.user_code, "allow").await.expect(303);
        let cut = App::at(&node, "tv");
        // Also one that was let in to more before.
        for device in [&device, &let_in] {
            is_cut(&cut, &cut.poll(device).await).await;
        }
        let device = tv.device(ALL).await;
        Browser::signed_in(server, ADA).await.let_in(&device).await;
        let node = cut_scope_of(server, "tv", "groups").await;
        App::expect_refusal(&App::at(&node, "tv").poll(&device).await, "invalid_scope");
        assert_eq!(tv.poll(&device).await.expect(200).text("scope"), ALL, "no refusal has spent it");
    })
    .await;
}

#[tokio::test]
async fn sec_043_sec_071_a_resource_that_is_not_the_clients_any_more_goes() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let (api, files) = ("https://api.example/", "https://files.example/");
        let path = format!("{}&resource={files}", App::at(server, "app").request(&[("scope", ALL), ("resource", api)]));
        let app = App::at(server, "app");
        let answer = app.enter(&Browser::at(server), ADA, &path).await;
        let tokens = Tokens::from(&app.exchange(&app.answered(&answer)["code"]).await);
        let issuer = server.app.config.web.issuer();
        assert_eq!(payload(&tokens.access)["aud"], json!([api, files, issuer]));
        let refresh = tokens.refresh.expect("a refresh token");
        let node = cut(server, &format!("\"{api}\", \"{files}\""), &format!("\"{api}\"")).await;
        let app = App::at(&node, "app");
        let ask = async |resource: &str| {
            app.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("resource", resource)]).await
        };
        App::expect_refusal(&ask(files).await, "invalid_target");
        let left = Tokens::from(&app.refresh(&refresh).await);
        assert_eq!(payload(&left.access)["aud"], json!([api, issuer]));
    })
    .await;
}
