//! Accounts: one for each address, however many ask at the same instant.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::site::registration;
use crate::support::{PASSWORD, SignedIn, TestServer, each};

/// How many ask at the same instant.
const CROWD: usize = 50;

/// The answers to `CROWD` requests that are sent at once.
async fn at_once<F>(ask: impl Fn(usize) -> F) -> Vec<crate::support::Answer>
where
    F: Future<Output = crate::support::Answer> + Send + 'static,
{
    let asked: Vec<_> = (0..CROWD).map(|number| tokio::spawn(ask(number))).collect();
    let mut answers = Vec::with_capacity(CROWD);
    for answer in asked {
        answers.push(answer.await.expect("an answer"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_108_fifty_registrations_of_one_address_make_one_account() {
    each(&[], async |server: &TestServer| {
        let site = server.site.clone();
        let spellings = ["maren@example.com", "Maren@Example.com", " maren@EXAMPLE.com ", "MAREN@example.COM"];
        let answers = at_once(|number| {
            let site = site.clone();
            async move { site.register(spellings[number % spellings.len()]).await }
        })
        .await;
        let mut bodies: Vec<_> = answers.iter().map(|answer| (answer.status, answer.body.as_str())).collect();
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(bodies[0].0, 200, "{bodies:?}");

        let users = server.app.users.list("", 200).await.expect("a list");
        assert_eq!(users.len(), 1, "{users:?}");
        let signed_in = server.sign_in("maren@example.com").await;
        assert_eq!(signed_in.user["role"], "ADMIN");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_007_of_fifty_first_people_one_is_admin_and_nobody_after_all_are_gone() {
    each(&[], async |server: &TestServer| {
        let site = server.site.clone();
        let email = |number: usize| format!("person{number}@example.com");
        let answers = at_once(|number| {
            let site = site.clone();
            async move { site.register(&email(number)).await }
        })
        .await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");

        let users = server.app.users.list("", 200).await.expect("a list");
        assert_eq!(users.len(), CROWD);
        let admins = users.iter().filter(|user| user.roles.contains("admin")).count();
        assert_eq!(admins, 1);

        for user in &users {
            let doer = postern::services::accounts::Doer::command();
            server.app.accounts.delete(user.id, doer).await.expect("deleted");
        }
        let late = server.newcomer("late@example.com").await;
        assert_eq!(late.user["role"], "USER", "the first account ever was another one");
    })
    .await;
}

#[tokio::test]
async fn sec_007_a_fresh_database_lets_nobody_in() {
    each(&[], async |server: &TestServer| {
        assert!(server.app.users.is_empty().await.expect("an answer"));
        for (email, password) in [("admin@example.com", "admin"), ("admin", "admin"), ("", ""), ("root", "postern")] {
            server.login(email, password).await.expect_problem(401, "wrong_credentials");
        }
        for client in ["admin", "postern", "default", ""] {
            server.introspect_as(client, "token").await.expect(401);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_039_fifty_refreshes_of_one_token_give_one_successor() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        let site = server.site.clone();
        let answers = at_once(|_| {
            let (site, token) = (site.clone(), first.refresh_token.clone());
            async move { site.refresh(&token).await }
        })
        .await;
        let mut successors: BTreeMap<String, usize> = BTreeMap::new();
        for answer in &answers {
            let given = SignedIn::from(answer);
            assert!(server.is_active(&given.token).await);
            *successors.entry(given.refresh_token).or_default() += 1;
        }
        assert_eq!(successors.len(), 1, "{successors:?}");
        let (newest, _) = successors.pop_first().expect("one");
        server.refresh(&newest).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_110_a_registration_cannot_choose_what_is_not_asked() {
    each(&[], async |server: &TestServer| {
        server.sign_up("operator@example.com").await;
        let mut body = registration("maren@example.com");
        for (name, value) in [
            ("role", json!("ADMIN")),
            ("roles", json!(["admin"])),
            ("id", json!("000000000000000000000001")),
            ("_id", json!("000000000000000000000001")),
            ("emailVerified", json!(true)),
            ("provider", json!("google")),
            ("banned", json!(false)),
            ("groups", json!(["staff"])),
        ] {
            body[name] = value;
        }
        server.post("/api/auth/register", &body).await.expect(200);
        let user = server.sign_in("maren@example.com").await.user;
        assert_eq!(user["role"], "USER");
        assert_eq!(user["emailVerified"], false);
        assert_eq!(user["provider"], "local");
        assert_ne!(user["id"], "000000000000000000000001");
    })
    .await;
}

#[tokio::test]
async fn sec_024_ids_are_random_and_tell_no_order() {
    each(&[], async |server: &TestServer| {
        let mut ids = Vec::new();
        for number in 0..8 {
            let user = server.newcomer(&format!("person{number}@example.com")).await.user;
            let id = user["id"].as_str().expect("an id").to_owned();
            assert!(id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
            ids.push(id);
        }
        // MongoDB's own ids begin with the second in which they were made: these must not.
        let starts: std::collections::BTreeSet<_> = ids.iter().map(|id| &id[..6]).collect();
        assert!(starts.len() > 1, "{ids:?}");
        let mut sorted = ids.clone();
        sorted.sort();
        assert_ne!(ids, sorted);
    })
    .await;
}

/// The words of a refusal name the field; nothing is kept.
#[tokio::test]
async fn sec_011_guessable_passwords_are_refused_by_name() {
    let server = TestServer::start(&[("APP_TITLE", "Fernwood")]).await;
    for password in ["password1", "12345678", "qwertyuiop", "Fernwood2026", "maren@example.com", "Maren Olsen"] {
        let mut body = registration("maren@example.com");
        body["password"] = json!(password);
        body["confirm_password"] = json!(password);
        let answer = server.post("/api/auth/register", &body).await.expect_problem(400, "invalid_input");
        assert_eq!(answer.fields(), ["password"], "{password}");
        assert!(!answer.body.contains(password), "{answer:?}");
    }
    server.login("maren@example.com", PASSWORD).await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn a_sign_up_tells_every_problem_at_once() {
    let server = TestServer::start(&[]).await;
    let body = json!({"name": " ", "username": "Ada Lovelace", "email": "maren@", "password": "password1",
        "confirm_password": "password2"});
    let answer = server.post("/api/auth/register", &body).await.expect_problem(400, "invalid_input");
    let mut fields = answer.fields();
    fields.sort();
    assert_eq!(fields, ["confirm_password", "email", "name", "password", "username"]);
    let mut body = registration("maren@example.com");
    body["confirm_password"] = json!("plain lantern orchard six");
    let answer = server.post("/api/auth/register", &body).await.expect_problem(400, "invalid_input");
    assert_eq!(answer.fields(), ["confirm_password"]);
    server.login("maren@example.com", PASSWORD).await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn sec_147_what_people_write_is_never_part_of_a_query() {
    each(&[], async |server| {
        server.newcomer("maren@example.com").await;
        for name in ["'; DROP TABLE users; --", "\" OR 1=1 --", "$1 ? :a @b", "%_\\"] {
            let body = json!({"name": name, "email": format!("p{}@example.com", name.len()),
                "password": PASSWORD, "confirm_password": PASSWORD});
            server.post("/api/auth/register", &body).await.expect(200);
            let email = format!("{name}@example.com");
            server.post("/api/auth/login", &json!({"email": email, "password": PASSWORD})).await.expect(401);
            let signed_in = server.sign_in(&format!("p{}@example.com", name.len())).await;
            assert_eq!(server.introspect(&signed_in.token).await["name"], name);
        }
    })
    .await;
}
