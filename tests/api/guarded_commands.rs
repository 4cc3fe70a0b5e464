//! Commands that take something away: what they ask, and what they say of slips.

use serde_json::{Value, json};

use crate::support::{Kind, Place, kinds};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

/// Two accounts: the administrator, who is the first, and another.
async fn two(kind: &Kind) -> Place {
    let place = Place::on(kind, &[]).await;
    for email in [ADA, BOB] {
        place.run(&["user", "create", "--email", email, "--generate-password"], "").await.expect(0);
    }
    place
}

async fn emails(place: &Place) -> Vec<Value> {
    let said = place.run(&["user", "list", "--json"], "").await.expect(0);
    let list: Value = serde_json::from_str(&said.out).expect("JSON");
    list.as_array().expect("a list").iter().map(|it| it["email"].clone()).collect()
}

#[tokio::test]
async fn what_is_gone_for_good_is_asked_about_first() {
    let place = two(&Kind::Sqlite).await;
    place.run(&["client", "add", "notes", "--name", "Notes"], "").await.expect(0);
    for no in ["n\n", "\n", "what\n"] {
        let said = place.run_on_terminal("user delete bob", no).await.expect(1);
        assert!(
            said.out.contains(BOB) && said.out.contains("[y/N]") && said.out.contains("Nothing was done."),
            "{said:?}"
        );
        let said = place.run_on_terminal("client remove notes", no).await.expect(1);
        assert!(said.out.contains("notes (Notes)") && said.out.contains("Nothing was done."), "{said:?}");
    }
    for script in [&["user", "delete", "bob"][..], &["client", "remove", "notes"]] {
        let said = place.run(script, "y\n").await.expect(2);
        assert!(said.err.contains("--yes"), "{said:?}");
    }
    assert_eq!(emails(&place).await, [ADA, BOB]);
    place.run(&["client", "show", "notes"], "").await.expect(0);

    place.run_on_terminal("user delete bob", "y\n").await.expect(0);
    place.run_on_terminal("client remove notes", "Yes\n").await.expect(0);
    assert_eq!(emails(&place).await, [ADA]);
    place.run(&["client", "show", "notes"], "").await.expect(1);
    let unknown = place.run_on_terminal("client remove notes", "").await.expect(1);
    assert!(unknown.out.contains("There is no client notes."), "{unknown:?}");
}

#[tokio::test]
async fn the_last_administrator_stays_unless_that_is_forced() {
    for kind in kinds() {
        let place = two(&kind).await;
        for command in [&["user", "delete", ADA, "--yes"][..], &["user", "set-role", ADA, "user"]] {
            let said = place.run(command, "").await.expect(1);
            assert!(said.err.contains("last administrator") && said.err.contains("--force"), "{said:?}");
        }
        place.run(&["user", "set-role", ADA, "admin", "user"], "").await.expect(0);

        place.run(&["user", "set-role", BOB, "admin"], "").await.expect(0);
        place.run(&["user", "disable", BOB], "").await.expect(0);
        place.run(&["user", "set-role", ADA, "user"], "").await.expect(1);
        place.run(&["user", "enable", BOB], "").await.expect(0);
        place.run(&["user", "set-role", ADA, "user"], "").await.expect(0);
        place.run(&["user", "set-role", BOB, "user", "--force"], "").await.expect(0);
        place.run(&["user", "delete", BOB, "--yes"], "").await.expect(0);
        assert_eq!(emails(&place).await, [ADA]);
        place.remove().await;
    }
}

#[tokio::test]
async fn a_role_that_nobody_else_has_is_named() {
    for kind in kinds() {
        let place = two(&kind).await;
        for (role, named) in [("amdin", "Is admin meant?"), ("night", "nobody else has the role night.")] {
            let said = place.run(&["user", "set-role", BOB, "user", role], "").await.expect(0);
            assert!(said.out.contains(&format!("new roles: user, {role}.")) && said.err.contains(named), "{said:?}");
        }
        let known = place.run(&["user", "set-role", ADA, "admin", "night"], "").await.expect(0);
        assert!(!known.err.contains("nobody else"), "somebody has it: {known:?}");
        let create = ["user", "create", "--email", "eve@example.com", "--role", "Night", "--generate-password"];
        let said = place.run(&create, "").await.expect(0);
        assert!(said.err.contains("Is night meant?"), "{said:?}");
        place.remove().await;
    }
}

#[tokio::test]
async fn recovery_says_when_it_makes_an_account() {
    let place = two(&Kind::Sqlite).await;
    let recover = async |email: &str, json: &[&str]| {
        let command: Vec<&str> = ["recover-admin", "--email", email].iter().chain(json).copied().collect();
        place.run(&command, "").await.expect(0).out
    };
    assert!(!recover(BOB, &[]).await.contains("There was no account"));
    let made = recover("bbo@example.com", &[]).await;
    assert!(
        made.contains("There was no account bbo@example.com") && made.contains("user delete bbo@example.com"),
        "{made}"
    );
    for (email, is_new) in [("bbo@example.com", false), ("obb@example.com", true)] {
        let told: Value = serde_json::from_str(&recover(email, &["--json"]).await).expect("JSON");
        assert_eq!(told["made"], json!(is_new));
    }
}

#[tokio::test]
async fn a_password_that_nobody_sees_is_typed_twice() {
    let place = Place::on(&Kind::Sqlite, &[]).await;
    let command = "user create --email ada@example.com";
    let slip = place.run_on_terminal(command, "plain lantern orchard\nplain lantern orchrad\n").await.expect(1);
    assert!(slip.out.contains("not the same"), "{slip:?}");
    place.run(&["user", "show", "ada"], "").await.expect(1);
    let made = place.run_on_terminal(command, "plain lantern orchard\nplain lantern orchard\n").await.expect(0);
    assert!(made.out.contains("is made") && !made.out.contains("(shown once)"), "{made:?}");
    let command = "user set-password ada";
    place.run_on_terminal(command, "seven quiet harbours\nseven quiet harbors\n").await.expect(1);
    place.run_on_terminal(command, "seven quiet harbours\nseven quiet harbours\n").await.expect(0);
}
