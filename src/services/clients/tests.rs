//! Who is believed to be which client.

use std::sync::atomic::Ordering;

use sea_orm::ConnectionTrait;

use super::assertion::Spending;
use super::testing::{add, chat, node, opens};
use super::*;
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::caller::Caller;
use crate::services::database::testing::{fresh, on_each_database};

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

fn by_secret(id: &str, secret: &str) -> Credentials {
    Credentials { id: id.into(), secret: secret.into(), method: AuthMethod::ClientSecretBasic }
}

fn at(address: &str) -> Caller {
    let address = address.parse().expect("an address");
    Caller { address, user_agent: String::new(), request_id: String::new() }
}

#[tokio::test]
async fn sec_124_a_network_that_was_wrong_sixty_times_costs_no_read() {
    for db in fresh().await {
        let node = node(&db.database, None);
        let secret = add(&node, "chat", chat()).await;
        let prove = async |shown: &Credentials, from: &str| {
            node.prove(shown, &[], &at(from)).await.map(|client| client.id.to_string()).map_err(|error| error.kind)
        };
        let reads = || db.reads.load(Ordering::SeqCst);
        for number in 0..60 {
            let shown = by_secret(&format!("made-up-{number}"), "wrong");
            assert_eq!(prove(&shown, "192.0.2.1").await, Err(ErrorKind::InvalidClient));
        }
        let before = reads();
        for number in 60..100 {
            let shown = by_secret(&format!("made-up-{number}"), "wrong");
            assert_eq!(prove(&shown, "192.0.2.1").await, Err(ErrorKind::TooManyRequests));
        }
        assert!(node.recognise(&by_secret("chat", &secret)).is_none(), "it was not seen before");
        assert_eq!(reads(), before);
        assert_eq!(prove(&by_secret("chat", &secret), "192.0.2.2").await.as_deref(), Ok("chat"));
        let before = reads();
        assert!(
            node.recognise(&by_secret("chat", &secret)).is_some() && node.recognise(&by_secret("chat", "x")).is_none()
        );
        assert_eq!(reads(), before, "from now on nobody's guesses keep it out");
        node.now.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(prove(&by_secret("nobody", "wrong"), "192.0.2.1").await, Err(ErrorKind::InvalidClient));
    }
}

#[tokio::test]
async fn sec_068_an_assertion_is_spent_once_and_remembered_while_it_could_open() {
    on_each_database(async |database| {
        let node = node(&database, None);
        let expires_at = node.clock.now() + std::time::Duration::from_secs(60);
        let (app, other) = (ClientId::new("app"), ClientId::new("other"));
        let spend = async |client: &ClientId, jti: &str| {
            node.spend(client, &Spending { jti, expires_at }).await.expect("an answer")
        };
        assert!(spend(&app, "one").await && !spend(&app, "one").await);
        assert!(spend(&app, "two").await && spend(&other, "one").await);
        node.now.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(node.sweep_assertions(10).await.expect("swept"), 0, "another node's clock may be slow");
        assert!(!spend(&app, "one").await);
        node.now.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(node.sweep_assertions(2).await.expect("swept"), 2);
        assert_eq!(node.sweep_assertions(2).await.expect("swept"), 1);
    })
    .await;
}
