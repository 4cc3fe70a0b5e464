//! The operator's clients file, changed while several nodes run.

use std::path::Path;
use std::time::Duration;

use crate::support::patience::until;
use crate::support::{App, Browser, CLIENT_SECRET, TestServer, Tokens, clients_file, kinds};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &[(&str, &str)] = &[("scope", "openid offline_access")];
/// Files are looked at each second; what is measured here is shared with other tests.
const FELT: Duration = Duration::from_secs(20);
const NEXT_SECRET: &str = "mB5kT9wQ2zXr7vNc4pLs8dHj3gFy6aUe";

/// Puts `text` in place of the file whole, as an operator's tool does.
fn put(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).expect("written");
    std::fs::rename(beside, file).expect("moved");
}

/// What a refresh by `secret` is answered at `server`: a status, with the error where it is one.
async fn refreshed(server: &TestServer, secret: &str, token: &str) -> (u16, String) {
    let request = server.request(reqwest::Method::POST, "/oauth2/token").basic_auth("app", Some(secret));
    let answer = server.send(request.form(&[("grant_type", "refresh_token"), ("refresh_token", token)])).await;
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_a_client_that_changes_in_the_file_changes_on_every_node() {
    for kind in kinds() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("shared.toml");
        put(&file, &clients_file());
        let settings = [("POSTERN_CLIENTS_FILE", file.to_str().expect("UTF-8"))];
        let one = TestServer::on(&kind, &settings).await;
        let two = one.another_node(&settings).await;
        one.sign_up(ADA).await;
        let app = App::at(&one, "app");
        let (_, tokens) = app.sign_in(ADA, OFFLINE).await;
        let refresh = tokens.refresh.expect("a refresh token");
        for node in [&one, &two] {
            assert!(node.is_active(&tokens.access).await, "it is remembered there");
        }

        // Its secret, and where it takes people back to.
        let own = format!(
            "client_id = \"app\"\nclient_name = \"app & co\"\nredirect_uris = [\"https://app.example/cb\", \
                           \"https://app.example/other\"]\npost_logout_redirect_uris = [\"https://app.example/bye\"]\n\
                           client_secret = \"{CLIENT_SECRET}\"\n"
        );
        let text = clients_file();
        assert!(text.contains(&own), "{text}");
        let moved = own.replace(CLIENT_SECRET, NEXT_SECRET).replace("app.example/cb", "app.example/moved");
        put(&file, &text.replace(&own, &moved));
        for node in [&one, &two] {
            let known = async || refreshed(node, CLIENT_SECRET, "x").await.0 == 401;
            until(FELT, "the secret from before is dead", known).await;
            assert_eq!(refreshed(node, NEXT_SECRET, "x").await, (400, "invalid_grant".to_owned()));
            let browser = Browser::signed_in(node, ADA).await;
            let asked = App::at(node, "app").request(&[]);
            assert_eq!(browser.open(&asked).await.status, 400, "the address from before");
            assert!(node.is_active(&tokens.access).await, "what was given stays");
        }

        // A file that cannot be read changes nothing.
        put(&file, "[[client]]\nclient_id = 7\n");
        let as_before = async |node: &TestServer| {
            node.app.clients.reload_if_changed().await;
            assert_eq!(refreshed(node, NEXT_SECRET, "x").await, (400, "invalid_grant".to_owned()));
            assert!(node.is_active(&tokens.access).await);
        };
        as_before(&one).await;
        as_before(&two).await;

        // It is taken out.
        put(&file, &text.replace(&own, &moved.replace("client_id = \"app\"", "client_id = \"another\"")));
        for node in [&one, &two] {
            let gone = async || !node.is_active(&tokens.access).await;
            until(FELT, "its tokens are dead", gone).await;
            assert_eq!(refreshed(node, NEXT_SECRET, &refresh).await, (401, "invalid_client".to_owned()));
            App::at(node, "app").userinfo(&tokens.access).await.expect(401);
        }
        let lax = App::at(&two, "lax");
        let _ = Tokens::from(&lax.exchange(&lax.code(&Browser::at(&two), ADA, &[]).await).await);
        two.stop().await;
        one.remove().await;
    }
}
