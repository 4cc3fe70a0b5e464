//! Commands that run beside a live server.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::patience::until;
use crate::support::{PASSWORD, Place, SignedIn, Site, kinds};

/// The promise is one second; what is measured here is shared with other tests.
const FELT: Duration = Duration::from_secs(3);

/// A ban by command reaches the running server, and its end too.
#[tokio::test(flavor = "multi_thread")]
async fn sec_030_a_ban_by_command_is_felt_by_the_running_server() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let program = place.serve().await;
        program.sign_up("operator@example.com").await;
        let here = program.newcomer("maren@example.com").await;
        assert!(program.is_active(&here.token).await, "and is now remembered");

        let reason = "posting the same thing everywhere";
        let ban = ["user", "ban", "maren@example.com", "--for", "2h", "--reason", reason, "--json"];
        let said = place.run(&ban, "").await.expect(0);
        let said: Value = serde_json::from_str(&said.out).expect("one JSON document");
        assert_eq!(said["email"], "maren@example.com");
        until(FELT, "the token is dead", async || !program.is_active(&here.token).await).await;
        program.user(&here.token).await.expect(401);
        program.refresh(&here.refresh_token).await.expect(401);
        let banned = program.login("maren@example.com", PASSWORD).await.expect_problem(403, "banned");
        assert!(banned.text("message").contains(reason), "{banned:?}");

        place.run(&["user", "unban", "maren@example.com"], "").await.expect(0);
        let again = program.sign_in("maren@example.com").await;
        assert!(program.is_active(&again.token).await);
        drop(program);
        place.remove().await;
    }
}

/// What else a command can do to somebody who is signed in.
#[tokio::test(flavor = "multi_thread")]
async fn sec_030_other_commands_are_felt_as_well() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let program = place.serve().await;
        program.sign_up("operator@example.com").await;
        for (number, command) in ["disable", "delete", "set-password", "set-role"].into_iter().enumerate() {
            let email = format!("person{number}@example.com");
            let here = program.newcomer(&email).await;
            assert!(program.is_active(&here.token).await);
            match command {
                "set-password" => {
                    let command = ["user", command, &email, "--password-stdin"];
                    place.run(&command, "plain lantern orchard six\n").await.expect(0);
                }
                "set-role" => {
                    place.run(&["user", command, &email, "moderator", "user"], "").await.expect(0);
                    let roles = async || program.introspect(&here.token).await["roles"].clone();
                    until(FELT, "the new roles show", async || roles().await == json!(["moderator", "user"])).await;
                    continue;
                }
                "delete" => {
                    place.run(&["user", command, &email, "--yes"], "").await.expect(0);
                }
                _ => {
                    place.run(&["user", command, &email], "").await.expect(0);
                }
            }
            until(FELT, command, async || !program.is_active(&here.token).await).await;
        }
        drop(program);
        place.remove().await;
    }
}

/// One who walks through sign-up, sign-in and refresh until told to stop; counts what was a fault of ours.
async fn walk(site: Site, name: String, rounds: usize) -> Vec<u16> {
    let mut faults = Vec::new();
    for round in 0..rounds {
        let email = format!("{name}.{round}@example.com");
        let registered = site.register(&email).await;
        let answer = site.login(&email, PASSWORD).await;
        faults.extend([registered.status, answer.status]);
        if answer.status == 200 {
            let signed_in = SignedIn::from(&answer);
            faults.push(site.refresh(&signed_in.refresh_token).await.status);
            faults.push(site.logout(&signed_in.token).await.status);
        }
    }
    faults.retain(|status| *status != 200);
    faults
}

/// One SQLite file, a busy server and a row of commands: neither ever meets `SQLITE_BUSY`.
#[tokio::test(flavor = "multi_thread")]
async fn command_and_server_write_one_file_together() {
    let place = Place::on(&crate::support::Kind::Sqlite, &[]).await;
    let program = place.serve().await;
    let walkers: Vec<_> =
        (0..6).map(|number| tokio::spawn(walk(program.site.clone(), format!("walker{number}"), 12))).collect();
    for round in 0..4 {
        let email = |number: usize| format!("made{round}-{number}@example.com");
        let make = async |number: usize| {
            let command = ["user", "create", "--email", &email(number), "--generate-password", "--json"];
            let said = place.run(&command, "").await.expect(0);
            let said: Value = serde_json::from_str(&said.out).expect("one JSON document");
            said["password"].as_str().expect("a password").to_owned()
        };
        let made = tokio::join!(make(0), make(1), make(2));
        program.login(&email(0), &made.0).await.expect(200);
    }
    for walker in walkers {
        assert_eq!(walker.await.expect("it walked"), [0_u16; 0]);
    }
    program.terminate();
    let (_, log) = program.ended().await;
    assert!(!log.contains("locked") && !log.contains("BUSY"), "{log}");
}

#[tokio::test]
async fn recover_admin_lets_the_operator_in_again() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let program = place.serve().await;
        program.sign_up("operator@example.com").await;
        place.run(&["user", "disable", "operator@example.com"], "").await.expect(0);
        program.login("operator@example.com", PASSWORD).await.expect(403);
        let said = place.run(&["recover-admin", "--email", "operator@example.com", "--json"], "").await.expect(0);
        let said: Value = serde_json::from_str(&said.out).expect("one JSON document");
        let password = said["password"].as_str().expect("a password");
        let signed_in = SignedIn::from(&program.login("operator@example.com", password).await);
        assert_eq!(signed_in.user["role"], "ADMIN");
        drop(program);
        place.remove().await;
    }
}

/// A client that a command adds can ask at once, and one that it removes cannot ask any more.
#[tokio::test(flavor = "multi_thread")]
async fn sec_069_a_client_by_command_and_the_rotation_of_its_secret() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let program = place.serve().await;
        let here = program.newcomer("maren@example.com").await;
        let secret = async |command: &[&str]| {
            let said = place.run(command, "").await.expect(0);
            let said: Value = serde_json::from_str(&said.out).expect("one JSON document");
            said["client_secret"].as_str().unwrap_or_else(|| panic!("no secret: {said}")).to_owned()
        };
        let ask = async |secret: &str| {
            let request = program.request(reqwest::Method::POST, "/oauth2/introspect");
            let request = request.basic_auth("backend", Some(secret)).form(&[("token", &here.token)]);
            program.send(request).await.status
        };
        let first = secret(&["client", "add", "backend", "--introspect", "all", "--json"]).await;
        assert_eq!((ask(&first).await, ask("wrong").await), (200, 401));
        let second = secret(&["client", "rotate-secret", "backend", "--json"]).await;
        until(FELT, "the new secret opens", async || ask(&second).await == 200).await;
        assert_eq!(ask(&first).await, 200, "two are valid during a rotation");
        place.run(&["client", "remove", "backend", "--yes"], "").await.expect(0);
        until(FELT, "the client is gone", async || ask(&second).await == 401).await;
        drop(program);
        place.remove().await;
    }
}
