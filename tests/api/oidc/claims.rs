//! The `claims` parameter: single facts, asked for by name.

use serde_json::Value;

use crate::support::relying_party::payload;
use crate::support::{App, TestServer, Tokens, clients_file, each};

const ADA: &str = "ada@fernwood.example";
const WISHES: &str = r#"{"userinfo":{"email":null,"roles":null,"name":null},"id_token":{"email":null,"roles":null}}"#;

/// What two clients learn of one person: `tokens` at userinfo and by their ID token.
async fn learnt(app: &App, tokens: &Tokens) -> [Value; 2] {
    let person = app.userinfo(&tokens.access).await.expect(200).json();
    [person, payload(tokens.id.as_deref().expect("an ID token"))]
}

#[tokio::test]
async fn sec_067_asking_by_name_opens_no_more_than_a_client_may_ask_for() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let asked = [("scope", "openid"), ("claims", WISHES)];
        let (app, modest) = (App::at(server, "app"), App::at(server, "modest"));
        for wishes in learnt(&app, &app.sign_in(ADA, &asked).await.1).await {
            assert_eq!(wishes["email"], ADA, "{wishes}");
        }
        let (_, tokens) = modest.sign_in(ADA, &asked).await;
        let [person, id] = learnt(&modest, &tokens).await;
        assert_eq!(person["name"], "Maren Olsen", "its scope opens that: {person}");
        for (known, name) in [(&person, "email"), (&person, "roles"), (&id, "email"), (&id, "roles")] {
            assert!(known.get(name).is_none(), "{name}: {known}");
        }
    })
    .await;
}

/// Another node of `server`, whose operator has cut the client `app` down by `lines`.
async fn cut(server: &TestServer, lines: &str) -> TestServer {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.toml");
    let before = "client_name = \"app & co\"\n";
    std::fs::write(&path, clients_file().replace(before, &format!("{before}{lines}\n"))).expect("a file");
    server.another_node(&[("POSTERN_CLIENTS_FILE", path.to_str().expect("UTF-8"))]).await
}

#[tokio::test]
async fn sec_067_what_was_asked_by_name_goes_when_the_scope_of_the_client_is_cut() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let asked = [("scope", "openid offline_access"), ("claims", WISHES)];
        let (_, tokens) = App::at(server, "app").sign_in(ADA, &asked).await;
        let node = cut(server, "scope = \"openid profile offline_access\"").await;
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
