//! The `claims` parameter: single facts, asked for by name; and what discovery says of them.

use serde_json::{Value, json};

use crate::support::relying_party::payload;
use crate::support::{App, Tokens, each};

const ADA: &str = "ada@fernwood.example";
pub(super) const WISHES: &str =
    r#"{"userinfo":{"email":null,"roles":null,"name":null},"id_token":{"email":null,"roles":null}}"#;

/// What two clients learn of one person: `tokens` at userinfo and by their ID token.
pub(super) async fn learnt(app: &App, tokens: &Tokens) -> [Value; 2] {
    let person = app.userinfo(&tokens.access).await.expect(200).json();
    [person, payload(tokens.id.as_deref().expect("an ID token"))]
}

#[tokio::test]
async fn sec_067_asking_by_name_opens_no_more_than_a_client_may_ask_for() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let asked = [("scope", "openid"), ("claims", WISHES)];
        let (app, modest) = (App::at(server, "app"), App::at(server, "modest"));
        for wishes in learnt(&app, &app.sign_in(ADA, &asked).await.1).await {
            assert_eq!(wishes["email"], ADA, "{wishes}");
        }
        let (_, tokens) = modest.sign_in(ADA, &asked).await;
        let [person, id] = learnt(&modest, &tokens).await;
        assert_eq!(person["name"], "Maren Olsen", "its scope opens that: {person}");
        for (known, name) in [(&person, "email"), (&person, "roles"), (&id, "email"), (&id, "roles")] {
            assert!(known.get(name).is_none(), "{name}: {known}");
        }
    })
    .await;
}

/// What discovery lists of a person is what userinfo can tell, and nothing else is told (Discovery section 3). Where
/// somebody lives and which language they speak is kept by no account, so neither is offered.
#[tokio::test]
async fn discovery_lists_the_claims_that_there_are() {
    each(&[], async |server| {
        server.sign_up(ADA).await;
        let app = App::at(server, "app");
        let wishes = r#"{"userinfo":{"zoneinfo":null,"locale":{"essential":true},"picture":null}}"#;
        let asked = [("scope", "openid profile email roles groups"), ("claims", wishes)];
        let (_, tokens) = app.sign_in(ADA, &asked).await;
        let [person, id] = learnt(&app, &tokens).await;
        let document = server.get("/.well-known/openid-configuration").await.expect(200).json();
        let listed = document["claims_supported"].as_array().expect("claims");
        for name in person.as_object().expect("claims").keys() {
            assert!(listed.contains(&json!(name)), "{name} is told, and not listed");
        }
        for name in listed.iter().filter_map(Value::as_str) {
            // Nobody here has a picture.
            let is_told = person.get(name).is_some() || id.get(name).is_some();
            assert!(is_told || name == "picture", "{name} is listed, and not told: {person} {id}");
        }
        for name in ["zoneinfo", "locale"] {
            assert!(person.get(name).is_none() && !listed.contains(&json!(name)), "{name}");
        }
    })
    .await;
}
