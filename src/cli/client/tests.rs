//! The command as an operator types it.

use std::sync::Arc;

use clap::Parser;
use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::random::Random;
use crate::services::audit::Audit;
use crate::services::clients::{AuthMethod, Settings};
use crate::services::database::Database;
use crate::services::database::testing::fresh;
use crate::services::grants::Grants;
use crate::services::shared::Shared;
use crate::services::testing::{grants, outgoing};

#[derive(Parser)]
struct Shell {
    #[command(subcommand)]
    command: ClientCommand,
}

fn parsed(words: &str) -> Result<ClientCommand, clap::Error> {
    Shell::try_parse_from(["client"].into_iter().chain(words.split_whitespace())).map(|shell| shell.command)
}

/// What the commands work on.
struct Shelf {
    clients: Clients,
    initial_tokens: InitialTokens,
    grants: Grants,
}

impl std::ops::Deref for Shelf {
    type Target = Clients;
    fn deref(&self) -> &Clients {
        &self.clients
    }
}

fn clients(database: Database) -> Shelf {
    let (clock, random) = (Clock::system(), Random::system());
    let audit = Audit::new(database.clone(), clock.clone(), random.clone(), Duration::from_secs(60));
    let shared = Arc::new(Shared::new(clock.clone()));
    let initial_tokens = InitialTokens {
        database: database.clone(),
        audit: audit.clone(),
        clock: clock.clone(),
        random: random.clone(),
    };
    let grants = grants(database.clone());
    let clients = Clients::new(database, shared, audit, clock, random, outgoing(), Settings::default());
    Shelf { clients: clients.expect("no file, no problem"), initial_tokens, grants }
}

async fn typed(clients: &Shelf, words: &str, json: bool) -> Result<String> {
    let command = parsed(words).expect("the words are a command");
    let random = Random::system();
    let initial_tokens = &clients.initial_tokens;
    let (provider, title, authority) = (Value::Null, "Postern", None);
    let installation =
        Installation { provider, title, random: &random, grants: &clients.grants, initial_tokens, authority };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    run(command, clients, &installation, json, &mut out, &mut err).await?;
    Ok(String::from_utf8(out).expect("text"))
}

async fn document(clients: &Shelf, words: &str) -> Value {
    let text = typed(clients, words, true).await.expect("it is done");
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).expect("one document")
}

#[tokio::test]
async fn sec_069_a_secret_is_printed_by_the_command_that_makes_it_and_by_no_other() {
    for it in fresh().await {
        let clients = clients(it.database.clone());
        let added = document(&clients, "add chat --name Chat --introspect all").await;
        let first = added["client_secret"].as_str().expect("a secret").to_owned();
        assert_eq!(added["token_endpoint_auth_method"], "client_secret_basic");
        let rotated = document(&clients, "rotate-secret chat").await;
        let second = rotated["client_secret"].as_str().expect("a secret").to_owned();
        assert!(first != second && rotated["previous_secret_expires_at"].is_string());
        for secret in [&first, &second] {
            clients.authenticate("chat", secret, AuthMethod::ClientSecretBasic).await.expect("both open");
        }
        for words in ["list", "show chat"] {
            for json in [true, false] {
                let text = typed(&clients, words, json).await.expect("it is done");
                assert!(text.contains("chat") && !text.contains(&first) && !text.contains(&second), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn sec_145_a_registration_token_is_printed_once_and_kept_as_a_hash() {
    use sea_orm::EntityTrait;
    for it in fresh().await {
        let clients = clients(it.database.clone());
        let made = document(&clients, "registration-token --for 90m --uses 3").await;
        let token = made["initial_access_token"].as_str().expect("a token").to_owned();
        assert!(token.starts_with("pst_ia_") && made["uses"] == 3 && made["expires_at"].is_string(), "{made}");
        let words = typed(&clients, "registration-token", false).await.expect("made");
        assert!(
            words.starts_with("initial_access_token = pst_ia_")
                && words.contains("\nIt is shown this once. One client can"),
            "{words}"
        );
        let rows = entity::initial_access_token::Entity::find().all(it.database.read()).await.expect("rows");
        let mut uses: Vec<i32> = rows.iter().map(|row| row.uses_left).collect();
        uses.sort_unstable();
        assert_eq!(uses, [1, 3]);
        assert!(!format!("{rows:?}").contains(&token));
    }
}

#[tokio::test]
async fn people_read_words_and_a_table() {
    for it in fresh().await {
        let clients = clients(it.database.clone());
        let added = typed(&clients, "add chat --introspect all", false).await.expect("added");
        assert!(added.starts_with("Client chat is added.\nclient_secret = pst_cs_"), "{added}");
        let public = typed(&clients, "add a-longer-id --public --redirect-uri com.example.app:/cb", false).await;
        assert!(public.expect("added").ends_with("It is public and has no secret.\n"));
        let table = [
            "CLIENT       NAME  AUTH METHOD          INTROSPECT  DECLARED IN",
            "a-longer-id  -     none                 -           database",
            "chat         -     client_secret_basic  all         database",
        ];
        let listed = typed(&clients, "list", false).await.expect("a list");
        assert_eq!(listed.lines().collect::<Vec<_>>(), table);
        let rotated = typed(&clients, "rotate-secret chat --keep-previous 90m", false).await.expect("rotated");
        assert!(
            rotated.starts_with("Client chat has a new secret. The one from before opens for 2 hours more."),
            "{rotated}"
        );
        assert_eq!(typed(&clients, "remove chat --yes", false).await.expect("removed"), "Client chat is removed.\n");
        let refusals = [
            ("show chat", ErrorKind::NotFound),
            ("remove chat --yes", ErrorKind::NotFound),
            ("add a-longer-id", ErrorKind::Conflict),
        ];
        for (words, kind) in refusals {
            assert_eq!(typed(&clients, words, false).await.expect_err("refused").kind, kind, "{words}");
        }
    }
}

#[test]
fn sec_067_options_that_do_not_go_together_are_wrong_usage() {
    for words in [
        "add app --public --introspect own",
        "add app --public --auth-method client_secret_post",
        "add app --public --no-pkce",
        "add app --auth-method none",
        "add app --auth-method private_key_jwt",
        "add app --redirect-uri http://chat.example.com/cb",
        "add app --introspect everything",
        "add app --grant implicit",
        "add app --scope openid,profile",
        "add app --scope opneid",
        "add app --scope ,",
        "add app --url https://chat.example.com",
        "add app --reuse-tokens",
        "add app --for librechat",
        "add app --for nothing --url https://chat.example.com",
        "add app --for librechat --url http://chat.example.com",
        "add app --for librechat --url https://chat.example.com/?a=b",
        "add app --for librechat --url https://chat.example.com --public",
        "add app --for librechat --url https://chat.example.com --no-pkce",
        "add app --for librechat --url https://chat.example.com --auth-method client_secret_basic",
        "add a#b --for librechat --url https://chat.example.com",
        "add app --for open-webui --url https://example.com/chat",
        "add app --for open-webui --url https://chat.example.com --auth-method client_secret_post",
        "add app --for open-webui --url https://chat.example.com --reuse-tokens",
        "add app --for generic",
        "add app --for generic --redirect-uri https://app.example/cb --reuse-tokens",
        "rotate-secret app --keep-previous 24",
        "rotate-secret app --keep-previous 91d",
        "registration-token --for 24",
        "registration-token --for 30s",
        "registration-token --for 91d",
        "registration-token --uses 0",
        "registration-token --uses 10001",
        "registration-token chat",
        "add",
    ] {
        let refusal = parsed(words).expect_err(words);
        assert_eq!(refusal.exit_code(), 2, "{words}");
    }
}
