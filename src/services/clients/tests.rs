//! Who is believed to be which client.

use sea_orm::ConnectionTrait;

use super::testing::{add, chat, node, opens};
use super::*;
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::testing::on_each_database;

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
