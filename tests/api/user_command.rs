//! `postern user ...` as operators and their scripts call it.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, kinds};

const ADA: &str = "ada@example.com";

impl Place {
    /// What a command answers to a script: one JSON document, and nothing else.
    async fn told(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let said = self.run(&arguments, PASSWORD).await.expect(0);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }
}

#[tokio::test]
async fn every_verb_answers_with_the_account_as_it_is_now() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let first = place.told(&["user", "create", "--email", "first@example.com", "--generate-password"]).await;
        assert_eq!((&first["roles"], &first["email_verified"]), (&json!(["admin"]), &json!(true)));
        assert!(first["password"].as_str().is_some_and(|password| password.len() >= 24), "{first}");
        let options = ["--name", "Ada Lovelace", "--role", "editor", "--group", "staff", "--password-stdin"];
        let create: Vec<&str> = ["user", "create", "--email", ADA].into_iter().chain(options).collect();
        let ada = place.told(&create).await;
        assert_eq!((&ada["username"], &ada["password"]), (&json!("ada.lovelace"), &Value::Null));
        assert_eq!((&ada["roles"], &ada["groups"]), (&json!(["editor"]), &json!(["staff"])));
        place.run(&create, PASSWORD).await.expect(1);

        for (verb, more, field, value) in [
            ("verify", &[][..], "email_verified", json!(true)),
            ("set-role", &["user", "moderator"], "roles", json!(["user", "moderator"])),
            ("set-groups", &["staff", "night"], "groups", json!(["staff", "night"])),
            ("set-groups", &[], "groups", json!([])),
            ("disable", &[], "disabled", json!(true)),
            ("enable", &[], "disabled", json!(false)),
            ("ban", &["--reason", "A test"], "ban", json!({"reason": "A test", "until": null})),
            ("unban", &[], "ban", Value::Null),
            ("show", &[], "email", json!(ADA)),
        ] {
            let command: Vec<&str> = ["user", verb, ADA].into_iter().chain(more.iter().copied()).collect();
            assert_eq!(place.told(&command).await[field], value, "{verb}");
            let shown = place.told(&["user", "show", ada["id"].as_str().expect("an id")]).await;
            assert_eq!(shown[field], value, "{verb}, asked again");
        }
        place.run(&["user", "unban", ADA], "").await.expect(1);
        place.remove().await;
    }
}

#[tokio::test]
async fn the_list_tells_who_is_kept_out() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        for name in ["first", "banned", "disabled", "freed"] {
            place.told(&["user", "create", "--email", &format!("{name}@example.com"), "--password-stdin"]).await;
        }
        place.told(&["user", "ban", "banned@example.com", "--for", "2h", "--reason", "A test"]).await;
        place.told(&["user", "ban", "freed@example.com"]).await;
        place.told(&["user", "unban", "freed@example.com"]).await;
        place.told(&["user", "disable", "disabled"]).await;

        let list = place.told(&["user", "list"]).await;
        let told = |field: fn(&Value) -> Value| list.as_array().expect("a list").iter().map(field).collect::<Vec<_>>();
        assert_eq!(told(|it| it["username"].clone()), ["banned", "disabled", "first", "freed"]);
        assert_eq!(told(|it| it["ban"]["reason"].clone()), [json!("A test"), Value::Null, Value::Null, Value::Null]);
        assert_eq!(told(|it| it["disabled"].clone()), [false, true, false, false]);
        let words = place.run(&["user", "list"], "").await.expect(0).out;
        let cells = |line: &str| line.split("  ").filter(|it| !it.is_empty()).map(|it| it.trim().to_owned()).collect();
        let rows: Vec<Vec<String>> = words.lines().map(cells).collect();
        assert_eq!(rows[0], ["ID", "USER NAME", "E-MAIL", "CONFIRMED", "ROLES", "STATE"]);
        let (confirmed, state) = (|row: &Vec<String>| row[3].clone(), |row: &Vec<String>| row[5].clone());
        assert_eq!(rows[1..].iter().map(confirmed).collect::<Vec<_>>(), ["no", "no", "yes", "no"]);
        assert_eq!(rows[1..].iter().map(state).collect::<Vec<_>>(), ["banned", "disabled", "-", "-"]);
        place.remove().await;
    }
}
