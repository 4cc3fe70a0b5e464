//! The clients file while the server runs.

use std::path::Path;

use sea_orm::ConnectionTrait;

use super::testing::{DAY, add, chat, column, node, opens};
use super::*;
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::testing::on_each_database;
use crate::services::shared::Subject;

const DECLARED: &str = "0123456789abcdef0123456789abcdef";

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
            node.remove(&id, Actor::Command, |_, _| Box::pin(async { Ok(()) })).await,
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

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_written_is_not_taken() {
    use std::sync::atomic::{AtomicBool, Ordering};
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        declare(&file, "chat", DECLARED);
        let node = node(&database, Some(&file));
        let (is_written, has_begun) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_written.load(Ordering::SeqCst) {
                    std::fs::write(&file, "# the clients come here\n").expect("written");
                    has_begun.store(true, Ordering::SeqCst);
                }
            });
            while !has_begun.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(node.reload_if_changed()));
            is_written.store(true, Ordering::SeqCst);
        });
        assert!(opens(&node, "chat", DECLARED, AuthMethod::ClientSecretBasic).await);
        declare(&file, "other", DECLARED);
        node.reload_if_changed().await;
        assert!(opens(&node, "other", DECLARED, AuthMethod::ClientSecretBasic).await);
    })
    .await;
}

/// What a changed file brought into the audit, one line for each row, in the order of the alphabet.
async fn written(database: &Database) -> Vec<String> {
    let mut rows = column(database, "SELECT kind || ' ' || actor || ' ' || detail FROM audit_events").await;
    rows.sort();
    rows
}

#[tokio::test]
async fn sec_149_what_a_changed_file_does_to_clients_is_written_down() {
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        declare(&file, "chat", DECLARED);
        let node = node(&database, Some(&file));
        node.reload_if_changed().await;
        assert_eq!(written(&database).await, [""; 0], "the first reading changes nothing");
        declare(&file, "chat", &DECLARED.replace('0', "f"));
        node.reload_if_changed().await;
        let mut rows = vec![r#"client.changed file {"client":"chat","secret":true}"#.to_owned()];
        assert_eq!(written(&database).await, rows, "a new secret alone is a change");
        std::fs::write(&file, "[[client]]\nclient_id = 7\n").expect("written");
        node.reload_if_changed().await;
        assert_eq!(written(&database).await, rows, "a bad file changes nothing");
        declare(&file, "other", DECLARED);
        node.reload_if_changed().await;
        node.reload_if_changed().await;
        rows.push(r#"client.added file {"client":"other"}"#.to_owned());
        rows.push(r#"client.removed file {"client":"chat"}"#.to_owned());
        rows.sort();
        assert_eq!(written(&database).await, rows);
        let open = format!("{}trusted = true\n", std::fs::read_to_string(&file).expect("the file"));
        std::fs::write(&file, open).expect("written");
        node.reload_if_changed().await;
        rows.push(r#"client.changed file {"client":"other","secret":false}"#.to_owned());
        rows.sort();
        assert_eq!(written(&database).await, rows);
    })
    .await;
}

#[tokio::test]
async fn sec_149_rows_of_a_changed_file_wait_for_the_database() {
    on_each_database(async |database| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        declare(&file, "chat", DECLARED);
        let node = node(&database, Some(&file));
        let rename = async |from: &str, to: &str| {
            let statement = format!("ALTER TABLE {from} RENAME TO {to}");
            let renamed = database.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared(&statement).await?;
                    Ok(())
                })
            });
            renamed.await.expect("renamed");
        };
        rename("audit_events", "away").await;
        declare(&file, "other", DECLARED);
        node.reload_if_changed().await;
        assert!(opens(&node, "other", DECLARED, AuthMethod::ClientSecretBasic).await, "the file counts at once");
        rename("away", "audit_events").await;
        node.reload_if_changed().await;
        node.reload_if_changed().await;
        assert_eq!(written(&database).await.len(), 2, "one added, one removed");
    })
    .await;
}
