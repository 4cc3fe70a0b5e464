//! `postern connector ...` as operators and their scripts call it.

use serde_json::{Value, json};

use crate::support::{Kind, Place, Settings};

const PROVIDERS: Settings<'static> = &[
    ("ALLOW_SOCIAL_LOGIN", "true"),
    ("GITHUB_CLIENT_ID", "id"),
    ("GITHUB_CLIENT_SECRET", "hidden"),
    ("GITHUB_CALLBACK_URL", "/oauth/github/back"),
    ("OPENID_ISSUER", "https://id.example.com"),
    ("OPENID_CLIENT_ID", "postern"),
    ("OPENID_CLIENT_SECRET", "hidden"),
    ("OPENID_BUTTON_LABEL", "Continue with Fernwood ID"),
    ("OPENID_REQUIRED_ROLE", "member"),
    ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "roles"),
    ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "access"),
    ("OPENID_ADMIN_ROLE", "boss"),
    ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
    ("OPENID_ADMIN_ROLE_TOKEN_KIND", "id"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_has_to_be_registered_before_anything_was_started() {
    let place = Place::on(&Kind::Sqlite, PROVIDERS).await;
    let said = place.run(&["connector", "list", "--json"], "").await.expect(0);
    let all: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let connector = |id: &str, kind: &str, name: &str, path: &str, registration: bool| {
        json!({
            "id": id, "kind": kind, "name": name, "registration": registration,
            "callback": format!("http://localhost:3081{path}"),
            "backchannel_logout":
                (kind == "openid").then(|| format!("http://localhost:3081/oauth2/backchannel-logout/{id}")),
        })
    };
    let openid = connector("openid", "openid", "Fernwood ID", "/oauth/openid/callback", true);
    assert_eq!(all, json!([openid, connector("github", "github", "GitHub", "/oauth/github/back", false)]));
    let said = place.run(&["connector", "list"], "").await.expect(0);
    assert!(said.out.contains("http://localhost:3081/oauth/github/back") && !said.out.contains("hidden"), "{said:?}");
    assert!(said.out.contains("http://localhost:3081/oauth2/backchannel-logout/openid"), "{said:?}");
    let place = Place::on(&Kind::Sqlite, &PROVIDERS[1..4]).await;
    let said = place.run(&["connector", "list"], "").await.expect(0);
    assert!(said.out.contains("ALLOW_SOCIAL_LOGIN"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_what_claims_become_and_why_not() {
    let place = Place::on(&Kind::Sqlite, PROVIDERS).await;
    let preview = async |claims: Value| -> Value {
        let arguments = ["connector", "preview", "openid", "--json"];
        let said = place.run(&arguments, &claims.to_string()).await.expect(0);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    };
    let claims = json!({"sub": "1", "email": "ada@example.com", "email_verified": "true", "name": "Ada", "roles": ["member", "boss"]});
    let shown = preview(claims).await;
    for (name, value) in [
        ("admitted", json!(true)),
        ("issuer", json!("https://id.example.com")),
        ("subject", json!("1")),
        ("email", json!("ada@example.com")),
        ("email_verified", json!(true)),
        ("makes_account", json!(true)),
        ("roles", json!(["admin"])),
        ("groups", json!([])),
    ] {
        assert_eq!(shown[name], value, "{name} {shown}");
    }
    let shown = preview(json!({"sub": "1", "roles": "boss"})).await;
    assert_eq!((&shown["admitted"], &shown["code"]), (&json!(false), &json!("role_missing")), "{shown}");
    let said = place.run(&["connector", "preview", "openid"], r#"{"sub":"1","roles":["member"]}"#).await.expect(0);
    assert!(said.out.lines().any(|line| line.starts_with("roles ") && line.ends_with(" user")), "{said:?}");
    for (id, input) in [("openid", "[1]"), ("openid", ""), ("openid", "{\"sub\":1}"), ("nobody", "")] {
        place.run(&["connector", "preview", id], input).await.expect(1);
    }
}
