//! Who may not enter, and what a stranger can learn of it: nothing.

use std::time::Duration;

use serde_json::json;

use postern::services::accounts::{Doer, NewBan};

use crate::support::{Answer, PASSWORD, TestServer, each};

const EVERYBODY: [&str; 4] = ["free@example.com", "banned@example.com", "disabled@example.com", "nobody@example.com"];

/// One of each: free, banned, disabled. Nobody has no account.
async fn people(server: &TestServer) {
    for email in &EVERYBODY[..3] {
        server.sign_up(email).await;
    }
    let id = async |email| server.app.users.by_email(email).await.expect("a database").expect("a person").id;
    let ban = NewBan { lasts: Some(Duration::from_secs(7200)), reason: Some("spam".to_owned()) };
    server.app.accounts.ban(id(EVERYBODY[1]).await, ban, Doer::command()).await.expect("banned");
    server.app.accounts.disable(id(EVERYBODY[2]).await, Doer::command()).await.expect("disabled");
}

#[tokio::test]
async fn sec_018_with_a_wrong_password_all_are_alike_and_cost_the_same() {
    each(&[], async |server: &TestServer| {
        people(server).await;
        let mut answers: Vec<(Answer, u64)> = Vec::new();
        for email in EVERYBODY {
            let before = server.app.hasher.counts().begun;
            let answer = server.login(email, "a wrong password").await;
            answers.push((answer, server.app.hasher.counts().begun - before));
        }
        let (first, hashes) = &answers[0];
        let first = first.clone().expect_problem(401, "wrong_credentials").comparable();
        assert_eq!(*hashes, 1);
        for ((answer, hashes), email) in answers.iter().zip(EVERYBODY) {
            assert_eq!(answer.comparable(), first, "{email}");
            assert_eq!(*hashes, 1, "{email}");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_016_sec_017_the_right_password_brings_a_clear_answer() {
    each(&[], async |server: &TestServer| {
        people(server).await;
        server.login(EVERYBODY[0], PASSWORD).await.expect(200);
        let banned = server.login(EVERYBODY[1], PASSWORD).await.expect_problem(403, "banned");
        assert!(banned.text("message").contains("2027-01-15T10:00:00Z: spam"), "{banned:?}");
        assert_eq!(banned.header("retry-after"), "7200");
        let disabled = server.login(EVERYBODY[2], PASSWORD).await.expect_problem(403, "disabled");
        assert_ne!(banned.text("message"), disabled.text("message"));
        for answer in [&banned, &disabled] {
            assert!(answer.cookie_lines().is_empty(), "{answer:?}");
        }
        server.pass(Duration::from_secs(7201));
        server.login(EVERYBODY[1], PASSWORD).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_015_sec_016_no_odd_password_opens_anything() {
    each(&[], async |server: &TestServer| {
        people(server).await;
        for email in EVERYBODY {
            for password in [json!(""), json!(" "), json!("\u{0}"), json!(format!("{PASSWORD} "))] {
                let body = json!({"email": email, "password": password});
                server.post("/api/auth/login", &body).await.expect_problem(401, "wrong_credentials");
            }
            for password in [json!(null), json!([]), json!([PASSWORD]), json!({"$ne": ""}), json!(true), json!(0)] {
                let body = json!({"email": email, "password": password});
                let answer = server.post("/api/auth/login", &body).await.expect_problem(400, "invalid_input");
                assert_eq!(answer.fields(), ["password"], "{password}");
            }
        }
        for email in [json!(null), json!([EVERYBODY[0]]), json!({"$gt": ""})] {
            let body = json!({"email": email, "password": PASSWORD});
            server.post("/api/auth/login", &body).await.expect_problem(400, "invalid_input");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_019_a_known_address_looks_like_a_new_one() {
    each(&[], async |server: &TestServer| {
        server.sign_up("first@example.com").await;
        server.sign_up("known@example.com").await;
        let before = server.app.hasher.counts().begun;
        let fresh = server.register("fresh@example.com").await.expect(200);
        let between = server.app.hasher.counts().begun;
        let known = server.register("Known@Example.com").await.expect(200);
        let after = server.app.hasher.counts().begun;
        assert_eq!(fresh.comparable(), known.comparable());
        assert_eq!(between - before, after - between, "the work is the same");
        server.sign_in("known@example.com").await;
    })
    .await;
}

/// Each of the ways by which an account ends takes everything with it at once.
#[tokio::test]
async fn sec_030_sec_043_whoever_is_put_out_is_out_at_once() {
    each(&[], async |server: &TestServer| {
        server.sign_up("operator@example.com").await;
        for (number, way) in ["ban", "disable", "delete", "password"].into_iter().enumerate() {
            let email = format!("person{number}@example.com");
            let here = server.newcomer(&email).await;
            assert!(server.is_active(&here.token).await);
            let id = server.app.users.by_email(&email).await.expect("a database").expect("a person").id;
            let (accounts, doer) = (&server.app.accounts, Doer::command());
            match way {
                "ban" => accounts.ban(id, NewBan { lasts: None, reason: None }, doer).await.map(|_| ()),
                "disable" => accounts.disable(id, doer).await.map(|_| ()),
                "delete" => accounts.delete(id, doer).await.map(|_| ()),
                _ => {
                    let hash = server.app.hasher.hash(&PASSWORD.into()).await.expect("a hash");
                    accounts.set_password(id, hash, doer).await.map(|_| ())
                }
            }
            .expect(way);
            assert!(!server.is_active(&here.token).await, "{way}");
            server.user(&here.token).await.expect_problem(401, "unauthenticated");
            server.refresh(&here.refresh_token).await.expect_problem(401, "unauthenticated");
        }
    })
    .await;
}

/// A change of role ends nothing, but the next introspection tells of it.
#[tokio::test]
async fn sec_030_a_new_role_shows_in_the_next_introspection() {
    each(&[], async |server: &TestServer| {
        server.sign_up("operator@example.com").await;
        let here = server.newcomer("maren@example.com").await;
        assert_eq!(server.introspect(&here.token).await["roles"], json!(["user"]));
        let id = server.app.users.by_email("maren@example.com").await.expect("a database").expect("a person").id;
        let roles = entity::Names::new(["moderator"]);
        server.app.accounts.set_roles(id, Some(roles), None, Doer::command()).await.expect("new roles");
        assert_eq!(server.introspect(&here.token).await["roles"], json!(["moderator"]));
    })
    .await;
}
