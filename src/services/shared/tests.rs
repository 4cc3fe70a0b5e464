use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Shared, Subject, listen};
use crate::clock::Clock;
use crate::services::accounts::{Doer, NewBan};
use crate::services::database::Database;
use crate::services::testing::House;

/// Another process on the same database, once it listens.
async fn neighbour(house: &House) -> (Arc<Shared>, CancellationToken) {
    let (shared, stop) = (Arc::new(Shared::new(Clock::system())), CancellationToken::new());
    let database = Database::connect(&house.db.settings).await.unwrap();
    // It forgets everything when it has found its place; only then is it listening.
    let before = shared.stamp([&Subject::Everything]);
    tokio::spawn(listen(database, Arc::clone(&shared), stop.clone()));
    forgets(&shared, &Subject::Everything, &before).await;
    (shared, stop)
}

async fn forgets(shared: &Shared, subject: &Subject, stamp: &super::Stamp<1>) -> Duration {
    let started = std::time::Instant::now();
    while shared.is_current(stamp) {
        assert!(started.elapsed() < Duration::from_secs(10), "{subject:?} is never forgotten");
        tokio::task::yield_now().await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_030_another_node_hears_of_a_ban() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (shared, stop) = neighbour(&house).await;
        let subject = Subject::User(ada.id);
        for _ in 0..3 {
            let before = shared.stamp([&subject]);
            house.accounts.ban(ada.id, NewBan::default(), Doer::command()).await.unwrap();
            let took = forgets(&shared, &subject, &before).await;
            assert!(took < Duration::from_secs(10));
        }
        stop.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_151_a_node_that_cannot_hear_forgets_everything() {
    let house = House::all().await.remove(0);
    let (shared, stop) = (Arc::new(Shared::new(Clock::system())), CancellationToken::new());
    let database = Database::connect(&house.db.settings).await.unwrap();
    let subject = Subject::Everything;
    let first = shared.stamp([&subject]);
    tokio::spawn(listen(database.clone(), Arc::clone(&shared), stop.clone()));
    forgets(&shared, &subject, &first).await;
    let before = shared.stamp([&subject]);
    database.close().await.unwrap();
    forgets(&shared, &subject, &before).await;
    stop.cancel();
}
