use std::time::Duration;

use entity::Timestamp;
use entity::fact::{ActiveModel, Column, Entity};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::testing::fresh;
use super::*;
use crate::error::ErrorKind;

fn fact(name: String) -> ActiveModel {
    ActiveModel { name: Set(name), value: Set("0".into()), since: Set(Timestamp::from_seconds(0)) }
}

async fn add(database: &Database, name: String) -> Result<()> {
    database
        .write(|tx| {
            Box::pin(async move { Ok(Entity::insert(fact(name)).exec_without_returning(tx).await.map(|_| ())?) })
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failed_piece_of_work_undoes_only_itself() {
    for db in fresh().await {
        let database = &db.database;
        let tries = (0..200).map(|number| async move {
            let fails = number % 3 == 0;
            let name = format!("fact {number}");
            let outcome: Result<()> = database
                .write(move |tx| {
                    Box::pin(async move {
                        Entity::insert(fact(name)).exec_without_returning(tx).await?;
                        if fails { Err(ErrorKind::Conflict.into()) } else { Ok(()) }
                    })
                })
                .await;
            assert_eq!(outcome.is_err(), fails);
        });
        futures_util::future::join_all(tries).await;
        let kept = Entity::find().all(database.read()).await.unwrap().len();
        assert_eq!(kept, (0..200).filter(|number| number % 3 != 0).count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_one_piece_of_work_ends_only_that() {
    for db in fresh().await.into_iter().take(1) {
        let panics = db.database.write::<(), _>(|_| Box::pin(async { panic!("on purpose") }));
        let (lost, kept) = tokio::join!(panics, add(&db.database, "beside it".into()));
        assert!(lost.is_err());
        kept.unwrap();
        add(&db.database, "after it".into()).await.unwrap();
        assert_eq!(Entity::find().all(db.database.read()).await.unwrap().len(), 2);
    }
}

/// What a full disk does: SQLite ends the transaction by itself, below the library that counts it,
/// and the commit after that fails too.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_after_a_broken_transaction_is_on_the_disk() {
    let db = fresh().await.remove(0);
    let broken: Result<()> =
        db.database.write(|tx| Box::pin(async move { Ok(tx.execute_unprepared("ROLLBACK").await.map(|_| ())?) })).await;
    assert!(broken.is_err());
    let session = "PRAGMA defer_foreign_keys = ON; \
         INSERT INTO refresh_families SELECT randomblob(16), randomblob(16), 0, x'00', NULL, 0, NULL, 0, 0, 0";
    let uncommitted: Result<()> = db
        .database
        .write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(session).await.map(|_| ())?) }))
        .await;
    assert!(uncommitted.is_err());
    add(&db.database, "after it".into()).await.unwrap();
    let other = Database::connect(&db.settings).await.unwrap();
    assert!(Entity::find_by_id("after it").one(other.read()).await.unwrap().is_some(), "acknowledged and lost");
    add(&other, "beside it".into()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_never_meet_a_lock() {
    let db = fresh().await.remove(0);
    let other = Database::connect(&db.settings).await.unwrap();
    add(&db.database, "counter".into()).await.unwrap();
    let raise = |database: Database| async move {
        let raise =
            Entity::update_many().col_expr(Column::Value, Expr::cust("CAST(CAST(value AS INTEGER) + 1 AS TEXT)"));
        let raise = raise.filter(Column::Name.eq("counter"));
        for _ in 0..300 {
            let raise = raise.clone();
            database.write(|tx| Box::pin(async move { Ok(raise.exec(tx).await.map(|_| ())?) })).await.unwrap();
        }
    };
    tokio::join!(raise(db.database.clone()), raise(other.clone()), raise(db.database.clone()), raise(other));
    let counter = Entity::find_by_id("counter").one(db.database.read()).await.unwrap().unwrap();
    assert_eq!(counter.value, "1200");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_migrate_at_once() {
    for db in fresh().await {
        for table in [
            "pictures",
            "upstream_sessions",
            "spent_logout_tokens",
            "connector_places",
            "connector_flows",
            "identities",
            "client_documents",
            "outbox",
            "initial_access_tokens",
            "revoked_tokens",
            "spent_assertions",
            "consents",
            "device_codes",
            "pushed_requests",
            "authorization_requests",
            "access_tokens",
            "signing_keys",
            "invalidations",
            "audit_events",
            "clients",
            "bans",
            "refresh_families",
            "grants",
            "sessions",
            "facts",
            "usernames",
            "users",
            "seaql_migrations",
        ] {
            let drop = format!("DROP TABLE {table}");
            db.database
                .write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(&drop).await.map(|_| ())?) }))
                .await
                .unwrap();
        }
        let nodes = [
            Database::connect(&db.settings).await.unwrap(),
            Database::connect(&db.settings).await.unwrap(),
            Database::connect(&db.settings).await.unwrap(),
        ];
        let (one, two, three) = tokio::join!(nodes[0].migrate(), nodes[1].migrate(), nodes[2].migrate());
        let steps = one.unwrap().steps.len() + two.unwrap().steps.len() + three.unwrap().steps.len();
        assert_eq!(steps, 9, "each step is applied once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_release_is_refused_with_words() {
    for db in fresh().await {
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 0)";
        db.database
            .write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(newer).await.map(|_| ())?) }))
            .await
            .unwrap();
        let refusal = db.database.migrate().await.unwrap_err();
        assert_eq!(refusal.kind, ErrorKind::Conflict);
        assert!(refusal.detail.contains("newer release") && refusal.detail.contains("m29991231_000001_later"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_private_and_what_expires_goes_in_bounded_steps() {
    use std::os::unix::fs::PermissionsExt;
    for db in fresh().await {
        if let Some(file) = db.database.file() {
            let folder = std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode();
            assert_eq!(folder & 0o777, 0o700);
        }
        for number in 0..10 {
            add(&db.database, format!("old {number}")).await.unwrap();
        }
        let expired = || Column::Since.lte(Timestamp::from_seconds(1));
        assert_eq!(sweep(&db.database, Entity, Column::Name, expired(), 7).await.unwrap(), 7);
        assert_eq!(sweep(&db.database, Entity, Column::Name, expired(), 7).await.unwrap(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_151_a_lost_database_is_an_honest_not_now() {
    for db in fresh().await {
        let database = db.database.clone();
        db.database.close().await.unwrap();
        let outcome = tokio::time::timeout(Duration::from_secs(30), database.ping()).await.unwrap();
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Unavailable);
    }
}

/// A disk that is full, and a database that is only read: what is asked is not to blame.
#[tokio::test(flavor = "multi_thread")]
async fn sec_151_sec_086_what_cannot_be_written_now_is_an_honest_not_now() {
    for db in fresh().await {
        let ways: &[&str] = match db.database.file() {
            Some(_) => &["PRAGMA query_only = 1", "PRAGMA query_only = 0; PRAGMA max_page_count = 1"],
            None => &["SET TRANSACTION READ ONLY"],
        };
        for way in ways {
            let write = db.database.write(move |tx| {
                Box::pin(async move {
                    tx.execute_unprepared(way).await?;
                    let large = ActiveModel { value: Set("x".repeat(1 << 20)), ..fact("too much".into()) };
                    Ok(Entity::insert(large).exec_without_returning(tx).await.map(|_| ())?)
                })
            });
            assert_eq!(write.await.unwrap_err().kind, ErrorKind::Unavailable, "{way}");
        }
    }
}

/// A connection may be alive while what it leads to is not: a file without its pages, a volume that
/// went away, a writer that never gets its turn.
#[tokio::test(flavor = "multi_thread")]
async fn sec_151_a_database_is_ready_when_it_gives_a_row_and_takes_work() {
    for db in fresh().await {
        db.database.ping().await.unwrap();
        if db.database.file().is_none() {
            let only_read = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', \
                             current_database()); END $$";
            db.database.read().execute_unprepared(only_read).await.unwrap();
            // It holds for whoever connects from now on.
            let later = Database::connect(&db.settings).await.unwrap();
            assert_eq!(later.ping().await.unwrap_err().kind, ErrorKind::Unavailable, "only read, and yet ready");
        }
        let drop = "DROP TABLE seaql_migrations";
        db.database.write(|tx| Box::pin(async { Ok(tx.execute_unprepared(drop).await.map(|_| ())?) })).await.unwrap();
        assert!(db.database.ping().await.is_err(), "no row, and yet ready");
    }
    let db = fresh().await.remove(0);
    let other = connect::writer(db.database.file().unwrap()).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(db.database.ping().await.unwrap_err().kind, ErrorKind::Unavailable);
    other.execute_unprepared("ROLLBACK").await.unwrap();
    db.database.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_writes_nothing() {
    let db = fresh().await.remove(0);
    let log = db.database.file().unwrap().with_extension("db-wal");
    let seen = || std::fs::metadata(&log).map(|log| (log.len(), log.modified().unwrap())).unwrap();
    let before = seen();
    for _ in 0..20 {
        db.database.ping().await.unwrap();
    }
    assert_eq!(seen(), before);
}
