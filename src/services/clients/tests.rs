//! Clients on both databases.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::Timestamp;
use sea_orm::{ConnectionTrait, Statement};

use super::*;
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::testing::on_each_database;
use crate::services::shared::Subject;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DECLARED: &str = "0123456789abcdef0123456789abcdef";

/// Clients with a clock that can be moved.
struct Node {
    clients: Clients,
    now: Arc<AtomicI64>,
}

impl std::ops::Deref for Node {
    type Target = Clients;
    fn deref(&self) -> &Clients {
        &self.clients
    }
}

fn node(database: &Database, file: Option<&Path>) -> Node {
    let now = Arc::new(AtomicI64::new(1_000_000));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || Timestamp::from_millis(shown.load(Ordering::Relaxed)));
    let random = Random::system();
    let audit = Audit::new(database.clone(), clock.clone(), random.clone(), DAY);
    let shared = Arc::new(Shared::new(clock.clone()));
    let settings = Settings { file: file.map(Path::to_owned) };
    let clients = Clients::new(database.clone(), shared, audit, clock, random, settings).expect("the file is good");
    Node { clients, now }
}

fn chat() -> Metadata {
    Metadata { introspect: Some(Introspect::All), ..Metadata::default() }
}

async fn add(node: &Node, id: &str, metadata: Metadata) -> String {
    let added = node.add(ClientId::new(id), metadata, Actor::Command).await.expect("it is added");
    added.secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
}

async fn opens(node: &Node, id: &str, secret: &str, method: AuthMethod) -> bool {
    match node.authenticate(id, secret, method).await {
        Ok(client) => client.id.as_str() == id,
        Err(error) => {
            assert_eq!(
                (error.kind, error.detail.as_ref()),
                (ErrorKind::InvalidClient, "Client authentication failed.")
            );
            false
        }
    }
}

async fn column(database: &Database, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(database.read().get_database_backend(), sql);
    let rows = database.read().query_all_raw(statement).await.expect("the query is good");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

#[tokio::test]
async fn sec_066_unknown_and_known_clients_are_refused_alike() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let secret = add(&node, "chat", chat()).await;
        let basic = AuthMethod::ClientSecretBasic;
        assert!(opens(&node, "chat", &secret, basic).await);
        for (id, secret) in [
            ("chat", "wrong"),
            ("chat", ""),
            ("chat", &secret.to_uppercase()),
            ("nobody", &secret),
            ("", &secret),
            ("CHAT", &secret),
            ("chat\0", &secret),
            (&"c".repeat(300), &secret),
        ] {
            assert!(!opens(&node, id, secret, basic).await, "{id:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_067_a_client_uses_only_its_own_method() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let secret = add(&node, "chat", chat()).await;
        for method in AuthMethod::ALL {
            let is_own = *method == AuthMethod::ClientSecretBasic;
            assert_eq!(opens(&node, "chat", &secret, *method).await, is_own, "{method}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_084_a_public_client_proves_nothing() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let public = Metadata { token_endpoint_auth_method: AuthMethod::None, ..Metadata::default() };
        assert_eq!(add(&node, "app", public.clone()).await, "");
        for method in AuthMethod::ALL {
            assert!(!opens(&node, "app", "", *method).await, "{method}");
        }
        let wish = Metadata { introspect: Some(Introspect::Own), ..public };
        let refusal = node.add(ClientId::new("other"), wish, Actor::Command).await.expect_err("it may not introspect");
        assert_eq!((refusal.kind, refusal.fields[0].field), (ErrorKind::InvalidInput, "introspect"));
    })
    .await;
}

#[tokio::test]
async fn sec_069_both_secrets_open_during_a_rotation_and_neither_is_kept() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let basic = AuthMethod::ClientSecretBasic;
        let first = add(&node, "chat", chat()).await;
        let id = ClientId::new("chat");
        assert!(opens(&node, "chat", &first, basic).await);
        let second = node.rotate_secret(&id, DAY, Actor::Command).await.expect("rotated").expose().to_owned();
        assert!(opens(&node, "chat", &first, basic).await && opens(&node, "chat", &second, basic).await);
        node.now.fetch_add(DAY.as_millis() as i64 - 1, Ordering::Relaxed);
        assert!(opens(&node, "chat", &first, basic).await);
        node.now.fetch_add(1, Ordering::Relaxed);
        assert!(!opens(&node, "chat", &first, basic).await && opens(&node, "chat", &second, basic).await);
        let third = node.rotate_secret(&id, Duration::ZERO, Actor::Command).await.expect("rotated").expose().to_owned();
        assert!(!opens(&node, "chat", &second, basic).await && opens(&node, "chat", &third, basic).await);
        let dump = format!("{:?}", Entity::find().all(database.read()).await.expect("rows"));
        let audit = column(&database, "SELECT detail FROM audit_events").await.concat();
        for secret in [first, second, third] {
            assert!(!dump.contains(&secret) && !audit.contains(&secret));
        }
    })
    .await;
}

#[tokio::test]
async fn every_change_is_audited_announced_and_felt_at_once() {
    on_each_database(async |database| {
        let (here, there) = (node(&database, None), node(&database, None));
        let id = ClientId::new("chat");
        assert!(there.find(&id).await.expect("an answer").is_none());
        let secret = add(&here, "chat", chat()).await;
        assert!(opens(&here, "chat", &secret, AuthMethod::ClientSecretBasic).await);
        // The other node hears of it by the row, and until then keeps what it knew.
        assert!(there.find(&id).await.expect("an answer").is_none());
        there.shared.forget(&Subject::Client(id.clone()));
        assert!(there.find(&id).await.expect("an answer").is_some());
        here.rotate_secret(&id, DAY, Actor::Command).await.expect("rotated");
        here.remove(&id, Actor::Command).await.expect("removed");
        assert!(here.find(&id).await.expect("an answer").is_none());
        let kinds = column(&database, "SELECT kind FROM audit_events ORDER BY kind").await;
        assert_eq!(kinds, ["client.added", "client.removed", "client.secret_rotated"]);
        let told = column(&database, "SELECT subject FROM invalidations WHERE kind = 'client'").await;
        assert_eq!(told, ["chat", "chat", "chat"]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_refused_with_words() {
    on_each_database(async |database| {
        let node = node(&database, None);
        add(&node, "chat", chat()).await;
        let public = Metadata { token_endpoint_auth_method: AuthMethod::None, ..Metadata::default() };
        add(&node, "app", public).await;
        let (chat_id, nobody) = (ClientId::new("chat"), ClientId::new("nobody"));
        let kind = |outcome: Result<()>| outcome.expect_err("refused").kind;
        let again = node.add(chat_id.clone(), chat(), Actor::Command).await.map(drop);
        assert_eq!(kind(again), ErrorKind::Conflict);
        let bad_id = node.add(ClientId::new("two words"), chat(), Actor::Command).await.map(drop);
        assert_eq!(kind(bad_id), ErrorKind::InvalidInput);
        let rotate = async |id: &ClientId| node.rotate_secret(id, DAY, Actor::Command).await.map(drop);
        assert_eq!(kind(rotate(&nobody).await), ErrorKind::NotFound);
        assert_eq!(kind(rotate(&ClientId::new("app")).await), ErrorKind::Conflict);
        assert_eq!(kind(node.remove(&nobody, Actor::Command).await), ErrorKind::NotFound);
        // What was refused left no trace.
        assert_eq!(column(&database, "SELECT kind FROM audit_events").await, ["client.added", "client.added"]);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_that_add_one_id_at_once_one_wins() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let tries = (0..20).map(|_| node.add(ClientId::new("chat"), chat(), Actor::Command));
        let outcomes = futures_util::future::join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        let lost = |outcome: Result<Added>| outcome.err().map(|error| error.kind);
        assert!(outcomes.into_iter().filter_map(lost).all(|kind| kind == ErrorKind::Conflict));
    })
    .await;
}

#[tokio::test]
async fn sec_088_made_up_ids_do_not_grow_the_memory_and_known_ones_cost_no_read() {
    on_each_database(async |database| {
        let node = node(&database, None);
        add(&node, "chat", chat()).await;
        let id = ClientId::new("chat");
        node.find(&id).await.expect("an answer").expect("it is known");
        node.find(&ClientId::new("nobody")).await.expect("an answer");
        for number in 0..3_000 {
            assert!(node.find(&ClientId::new(format!("made-up-{number}"))).await.expect("an answer").is_none());
        }
        assert!(node.memory.size() <= 1_001, "{}", node.memory.size());
        // A row that changes unannounced would be seen by a read.
        Entity::delete_many().exec(database.read()).await.expect("deleted behind its back");
        assert!(node.find(&id).await.expect("an answer").is_some());
    })
    .await;
}

#[tokio::test]
async fn a_row_of_a_newer_release_shuts_its_client_out_and_no_other() {
    on_each_database(async |database| {
        let node = node(&database, None);
        add(&node, "chat", chat()).await;
        let newer = add(&node, "newer", chat()).await;
        let sql = "UPDATE clients SET metadata = '{\"token_endpoint_auth_method\": \"telepathy\"}' WHERE id = 'newer'";
        database.read().execute_unprepared(sql).await.expect("changed");
        assert!(!opens(&node, "newer", &newer, AuthMethod::ClientSecretBasic).await);
        let listed: Vec<String> = node.list().await.expect("a list").iter().map(|it| it.id.to_string()).collect();
        assert_eq!(listed, ["chat"]);
    })
    .await;
}

fn declare(path: &Path, id: &str, secret: &str) {
    // Written beside and moved, as an operator's tool does: never half a file.
    let beside = path.with_extension("new");
    std::fs::write(&beside, format!("[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\"\n"))
        .expect("written");
    std::fs::rename(beside, path).expect("moved");
}

#[tokio::test]
async fn the_file_wins_and_cannot_be_changed_by_command() {
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        add(&node(&database, None), "chat", chat()).await;
        declare(&file, "chat", DECLARED);
        let node = node(&database, Some(&file));
        assert!(opens(&node, "chat", DECLARED, AuthMethod::ClientSecretBasic).await);
        let id = ClientId::new("chat");
        let listed = node.list().await.expect("a list");
        assert_eq!((listed.len(), listed[0].origin), (1, Origin::File));
        assert_eq!(node.hidden().await.expect("an answer"), std::slice::from_ref(&id));
        let refusals = [
            node.add(id.clone(), chat(), Actor::Command).await.map(drop),
            node.rotate_secret(&id, DAY, Actor::Command).await.map(drop),
            node.remove(&id, Actor::Command).await,
        ];
        for refusal in refusals {
            assert_eq!(refusal.expect_err("refused").kind, ErrorKind::Conflict);
        }
    })
    .await;
}

#[tokio::test]
async fn a_changed_file_is_read_again_and_a_bad_one_changes_nothing() {
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        declare(&file, "chat", DECLARED);
        let node = node(&database, Some(&file));
        let (chat_id, other) = (ClientId::new("chat"), ClientId::new("other"));
        let before = node.shared.stamp([&Subject::Client(chat_id.clone())]);
        node.reload_if_changed().await;
        assert!(node.shared.is_current(&before), "nothing changed, nothing is forgotten");
        std::fs::write(&file, "[[client]]\nclient_id = 7\n").expect("written");
        node.reload_if_changed().await;
        assert!(node.find(&chat_id).await.expect("an answer").is_some() && node.shared.is_current(&before));
        std::fs::remove_file(&file).expect("removed");
        node.reload_if_changed().await;
        assert!(node.find(&chat_id).await.expect("an answer").is_some());
        assert!(node.find(&other).await.expect("an answer").is_none());
        declare(&file, "other", DECLARED);
        node.reload_if_changed().await;
        assert!(!node.shared.is_current(&before), "the client that went is forgotten");
        assert!(node.find(&chat_id).await.expect("an answer").is_none());
        assert!(opens(&node, "other", DECLARED, AuthMethod::ClientSecretBasic).await);
    })
    .await;
}

#[tokio::test]
async fn a_changed_secret_file_is_read_again() {
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, secret) = (folder.path().join("clients.toml"), folder.path().join("secret"));
        std::fs::write(&file, "[[client]]\nclient_id = \"chat\"\nclient_secret_file = \"secret\"\n").expect("written");
        std::fs::write(&secret, DECLARED).expect("written");
        let node = node(&database, Some(&file));
        let next = "fedcba9876543210fedcba9876543210";
        std::fs::write(folder.path().join("next"), next).expect("written");
        std::fs::rename(folder.path().join("next"), &secret).expect("moved");
        node.reload_if_changed().await;
        assert!(opens(&node, "chat", next, AuthMethod::ClientSecretBasic).await);
        assert!(!opens(&node, "chat", DECLARED, AuthMethod::ClientSecretBasic).await);
    })
    .await;
}
