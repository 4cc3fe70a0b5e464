//! The `claims` parameter: single facts, asked for by name.

use serde_json::Value;

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
