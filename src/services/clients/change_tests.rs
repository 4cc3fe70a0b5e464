//! Changes of clients by command.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::testing::{DAY, add, chat, column, node, opens};
use super::*;
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::testing::on_each_database;
use crate::services::shared::Subject;

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
        here.remove(&id, Actor::Command, |_, _| Box::pin(async { Ok(()) })).await.expect("removed");
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
        assert_eq!(
            kind(node.remove(&nobody, Actor::Command, |_, _| Box::pin(async { Ok(()) })).await),
            ErrorKind::NotFound
        );
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
