//! The command line as scripts and people meet it: what it makes, what it says, how it ends.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::program::Said;
use crate::support::{Kind, PASSWORD, Place};

const CREATE: [&str; 5] = ["user", "create", "--email", "ada@example.com", "--generate-password"];

/// The one document that standard output holds.
#[track_caller]
fn document(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

/// Every file below `folder`, with what is in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push((path.display().to_string(), std::fs::read(&path).expect("a file"))),
        }
    }
    all.sort();
    all
}

/// The secrets may be made by a command before the first start: it says so, and where they are.
/// How many steps the schema has come in.
const STEPS: usize = 9;

#[tokio::test]
async fn sec_002_a_command_that_makes_the_secrets_warns() {
    let place = Place::bare();
    let arguments: Vec<&str> = CREATE.into_iter().chain(["--json"]).collect();
    let said = place.run(&arguments, "").await.expect(0);
    assert_eq!(document(&said)["email"], "ada@example.com");
    assert!(said.err.contains("JWT_SECRET") && said.err.contains("data/postern.secrets"), "{said:?}");
    for secret in std::fs::read_to_string(place.path("data/postern.secrets")).expect("the secrets").lines() {
        let value = secret.split_once('=').map_or("no value", |(_, value)| value);
        assert!(!said.err.contains(value) && !said.out.contains(value), "{said:?}");
    }
    assert_eq!(place.run(&["user", "list"], "").await.expect(0).err, "", "made once");
}

#[tokio::test]
async fn a_dry_run_makes_and_changes_nothing() {
    let place = Place::bare();
    let foretold = document(&place.run(&["migrate", "--dry-run", "--json"], "").await.expect(0));
    assert_eq!((foretold["dry_run"].as_bool(), foretold["steps"].as_array().map(Vec::len)), (Some(true), Some(STEPS)));
    assert_eq!(files(&place.path("")), []);
    assert!(!place.path("data").exists());

    let done = document(&place.run(&["migrate", "--json"], "").await.expect(0));
    assert_eq!((&done["steps"], &done["dry_run"]), (&foretold["steps"], &json!(false)));
    let before = files(&place.path(""));
    let said = place.run(&["migrate", "--dry-run"], "").await.expect(0);
    assert_eq!(said.out, "The database is up to date.\n");
    assert_eq!(files(&place.path("")), before);

    for kind in crate::support::kinds().into_iter().filter(|kind| *kind != Kind::Sqlite) {
        let place = Place::on(&kind, &[]).await;
        for _ in 0..2 {
            let again = document(&place.run(&["migrate", "--dry-run", "--json"], "").await.expect(0));
            assert_eq!(again["steps"], foretold["steps"], "nothing was applied");
        }
        place.remove().await;
    }
}

/// In the wrong folder a command finds nobody: rather than a new, empty installation it gives a word.
#[tokio::test]
async fn a_command_refuses_a_database_that_is_not_there() {
    let place = Place::bare();
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "ada"],
        &["user", "ban", "ada"],
        &["user", "set-password", "ada", "--generate-password"],
        &["client", "list"],
        &["client", "show", "chat"],
        &["client", "rotate-secret", "chat"],
        &["client", "remove", "chat", "--yes"],
    ] {
        let said = place.run(arguments, "").await.expect(1);
        for word in ["data/postern.db", "does not exist", "server's folder", "--env-file"] {
            assert!(said.err.contains(word), "{arguments:?}: {said:?}");
        }
    }
    assert!(!place.path("data").exists());
    for first in [&CREATE[..], &["recover-admin", "--email", "ada@example.com"], &["client", "add", "chat"]] {
        let place = Place::bare();
        place.run(first, "").await.expect(0);
        assert!(place.path("data/postern.db").exists() && place.path("data/postern.secrets").exists(), "{first:?}");
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_2_whatever_is_wrong() {
    let place = Place::bare();
    for arguments in [
        &["user", "ban", "ada", "--for", "5"][..],
        &["user", "ban", "ada", "--for", "2 hours"],
        &["user", "set-role", "ada", ""],
        &["user", "set-role", "ada"],
        &["user", "delete", "ada"],
        &["client", "remove", "chat"],
        &["user", "set-groups", "ada", "a\nb"],
        &["user", "create", "--email", "nonsense", "--generate-password"],
        &["user", "create", "--email", "ada@example.com", "--username", "a b", "--generate-password"],
        &["user", "create", "--email", "ada@example.com", "--name", " ", "--generate-password"],
        &["user", "create", "--email", "ada@example.com", "--role", "", "--generate-password"],
        &["user", "create", "--email", "ada@example.com"],
        &["user", "create", "--generate-password"],
        &["user", "show"],
        &["recover-admin"],
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let said = place.run(&arguments, "").await.expect(2);
        assert!(said.err.contains("error:"), "{said:?}");
        let document = document(&said);
        assert!(document["error"].as_str().is_some_and(|words| !words.is_empty()), "{said:?}");
        assert_eq!(document["fields"], json!([]));
    }
    assert!(!place.path("data").exists());
}

#[tokio::test]
async fn a_failure_is_one_document_too() {
    let mut place = Place::bare();
    place.run(&CREATE, "").await.expect(0);
    let unknown = place.run(&["user", "show", "nobody", "--json"], "").await.expect(1);
    let (told, error) = (document(&unknown), unknown.err.trim_end().to_owned());
    assert_eq!(told, json!({"error": error, "fields": []}), "the words of standard error");
    let weak = ["user", "set-password", "ada@example.com", "--password-stdin", "--json"];
    let weak = place.run(&weak, "password\n").await.expect(1);
    assert_eq!(document(&weak)["fields"][0]["field"], "password", "{weak:?}");
    assert!(weak.err.contains("password: "), "{weak:?}");
    place.set("SESSION_EXPIRY", "-5");
    for arguments in [&["user", "list", "--json"][..], &["serve", "--json"]] {
        let said = place.run(arguments, "").await.expect(1);
        assert_eq!(document(&said)["fields"][0]["field"], "SESSION_EXPIRY", "{said:?}");
        assert!(said.err.contains("SESSION_EXPIRY"), "{said:?}");
    }
}

#[tokio::test]
async fn a_server_says_where_it_listens_in_one_document() {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", &format!("127.0.0.1:0, unix:{}", place.path("socket").display()));
    let program = place.start(&["serve", "--json"]).await;
    program.get("/healthz").await.expect(200);
    let base = program.base.clone();
    program.terminate();
    let out = program.out();
    let (status, log) = program.ended().await;
    assert!(status.success(), "{log}");
    let [document] = out.as_slice() else { panic!("one line: {out:?}") };
    let document: Value = serde_json::from_str(document).expect("JSON");
    assert_eq!(document["listening"][0], json!(base));
    assert_eq!(document["listening"].as_array().map(Vec::len), Some(2), "{document}");
}

#[tokio::test]
async fn a_person_at_a_terminal_is_asked_for_what_is_missing() {
    let place = Place::on(&Kind::Sqlite, &[]).await;
    place.run(&["user", "create", "--email", "first@example.com", "--generate-password"], "").await.expect(0);
    let made = place.run_on_terminal("user create --generate-password", "ada@example.com\n").await.expect(0);
    assert!(made.out.contains("E-mail: ") && made.out.contains("ada@example.com is made"), "{made:?}");
    for (command, typed, done) in [
        ("user set-role", "ada\neditor night\n", "has new roles"),
        ("user set-role ada", "editor\n", "has new roles"),
        ("user ban --for 2h", "ada@example.com\n", "is banned until"),
        ("user unban", "ada\n", "is not banned any more"),
    ] {
        let said = place.run_on_terminal(command, typed).await.expect(0);
        assert!(said.out.contains(done), "{command}: {said:?}");
    }
    let list = place.run(&["user", "list", "--json"], PASSWORD).await.expect(0);
    assert_eq!(document(&list)[0]["roles"], json!(["editor"]));
    place.run_on_terminal("user show", "nobody\n").await.expect(1);
}

#[tokio::test]
async fn what_a_client_lacks_is_said_with_an_example() {
    let place = Place::bare();
    for (command, words) in [
        ("client add chat --for librechat", "such as --url https://chat.example.com"),
        ("client add notes --scope openid,profile", r#"--scope "openid profile""#),
        ("client add notes --scope opneid", "Perhaps `openid` is meant."),
        ("client add notes --scope ,", "none of: openid, profile, email"),
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        let said = place.run(&arguments, "").await.expect(2);
        assert!(said.err.contains(words), "{said:?}");
    }
    place.run(&["client", "add", "notes", "--scope", "openid email introspect"], "").await.expect(0);
}
