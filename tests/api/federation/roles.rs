//! What people become by what a provider says of them, and which of its claims make a profile.

use entity::Names;
use postern::services::accounts::{Doer, NewBan, Open};
use serde_json::json;

use crate::support::Browser;
use crate::support::gate::{Gate, each_gate, refused};
use crate::support::upstream::asked_with;

/// Roles and groups of whoever has this address.
async fn standing(gate: &Gate, email: &str) -> (Vec<String>, Vec<String>) {
    let user = gate.app.users.by_email(email).await.expect("a read").expect("an account");
    (user.roles.as_slice().to_vec(), user.groups.as_slice().to_vec())
}

fn names(roles: &[&str], groups: &[&str]) -> (Vec<String>, Vec<String>) {
    let all = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    (all(roles), all(groups))
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_groups_come_and_go_with_what_the_provider_says() {
    let map = "role_map = {editors = \"editor\", \"realm_access.roles\" = {moderator = [\"moderator\", \"beta\"]}}";
    let gate = Gate::with_file(&format!("[[connector]]\nid = \"openid\"\n{map}\n")).await;
    gate.upstream.says("GET /userinfo", 200, &json!({"sub": "5f1d7a84"}));
    let all = json!({"groups": ["editors", "others"], "realm_access": {"roles": ["moderator", "admin"]}});
    gate.comes_in("openid", &all).await;
    let ada = "ada@example.com";
    assert_eq!(standing(&gate, ada).await, names(&["editor", "moderator", "beta", "user"], &["editors"]));
    // What an operator gives stays.
    let id = gate.app.users.by_email(ada).await.expect("a read").expect("an account").id;
    let (roles, groups) = (Names::new(["gamma", "beta"]), Names::new(["chess", "editors"]));
    gate.app.accounts.set_roles(id, Some(roles), Some(groups), Doer::command()).await.expect("set");
    gate.comes_in("openid", &json!({"groups": []})).await;
    assert_eq!(standing(&gate, ada).await, names(&["gamma"], &["chess"]));
    gate.comes_in("openid", &all).await;
    assert_eq!(standing(&gate, ada).await, names(&["editor", "moderator", "beta", "gamma"], &["editors", "chess"]));
    gate.comes_in("openid", &json!({"groups": ["editors"], "realm_access": {}})).await;
    assert_eq!(standing(&gate, ada).await, names(&["editor", "gamma"], &["editors", "chess"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_is_one_while_the_claim_says_so_but_the_last_one_stays() {
    let settings = [
        ("OPENID_ADMIN_ROLE", "chat-admin"),
        ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
        ("OPENID_ADMIN_ROLE_TOKEN_KIND", "id"),
    ];
    each_gate(&settings, async |gate| {
        gate.server.sign_up("operator@example.com").await;
        let (ada, is, is_not) =
            ("ada@example.com", json!({"roles": ["chat-admin"]}), json!({"roles": ["chat-admins"]}));
        gate.comes_in("openid", &is_not).await;
        assert_eq!(standing(gate, ada).await.0, ["user"]);
        gate.comes_in("openid", &is).await;
        assert_eq!(standing(gate, ada).await.0, ["admin"]);
        let browser = gate.comes_in("openid", &is_not).await;
        assert_eq!(standing(gate, ada).await.0, ["user"]);
        assert!(browser.is_signed_in().await);
        gate.comes_in("openid", &is).await;
        let operator = gate.app.users.by_email("operator@example.com").await.expect("a read").expect("an account").id;
        gate.app.accounts.disable(operator, Doer::command()).await.expect("disabled");
        gate.comes_in("openid", &is_not).await;
        assert_eq!(standing(gate, ada).await.0, ["admin"], "nobody else could run the service");
        gate.app.accounts.enable(operator, Doer::command()).await.expect("enabled");
        gate.comes_in("openid", &json!({})).await;
        assert_eq!(standing(gate, ada).await.0, ["user"], "a claim that lacks takes it away as well");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_007_who_is_made_administrator_over_there_leaves_that_place_to_no_stranger() {
    let settings = [
        ("OPENID_ADMIN_ROLE", "chat-admin"),
        ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
        ("OPENID_ADMIN_ROLE_TOKEN_KIND", "id"),
    ];
    for before in [None, Some(json!({}))] {
        each_gate(&settings, async |gate| {
            if let Some(before) = &before {
                gate.comes_in("openid", before).await;
            }
            gate.comes_in("openid", &json!({"roles": ["chat-admin"]})).await;
            assert_eq!(standing(gate, "ada@example.com").await.0, ["admin"]);
            gate.server.sign_up("stranger@example.com").await;
            assert_eq!(standing(gate, "stranger@example.com").await.0, ["user"]);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_by_a_connection_goes_with_it_and_the_last_usable_administrator_stays() {
    let admin = "[[connector]]\nid = \"openid\"\nrole_map = {owners = \"admin\", editors = \"editor\"}\n";
    let gate = Gate::with_file(admin).await;
    gate.server.sign_up("operator@example.com").await;
    let connector = gate.app.connectors.named("openid").expect("a connector");
    let open = || vec![Open { connector: "openid".to_owned(), withdrawn: connector.withdrawn() }];
    let takes_away = async |email: &str| {
        let user = gate.app.users.by_email(email).await.expect("a read").expect("an account");
        gate.app.accounts.set_password(user.id, user.id.to_string(), Doer::command()).await.expect("set");
        let identity = gate.app.users.identities(user.id).await.expect("a read").remove(0);
        gate.app.accounts.unlink(user.id, identity.id, open(), Doer::command()).await.expect("taken away");
    };
    gate.comes_in("openid", &json!({"groups": ["owners", "editors"]})).await;
    assert_eq!(standing(&gate, "ada@example.com").await, names(&["admin", "editor"], &["editors", "owners"]));
    takes_away("ada@example.com").await;
    assert_eq!(standing(&gate, "ada@example.com").await, names(&["user"], &[]));
    let (ben, claims) = ("ben@example.com", json!({"sub": "ben", "email": "ben@example.com", "groups": ["owners"]}));
    gate.comes_in("openid", &claims).await;
    let operator = gate.app.users.by_email("operator@example.com").await.expect("a read").expect("an account").id;
    gate.app.accounts.ban(operator, NewBan::default(), Doer::command()).await.expect("banned");
    takes_away(ben).await;
    assert_eq!(standing(&gate, ben).await.0, ["admin"], "who is banned runs nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_takes_no_role_away() {
    let settings = [
        ("OPENID_ADMIN_ROLE", "chat-admin"),
        ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
        ("OPENID_ADMIN_ROLE_TOKEN_KIND", "userinfo"),
    ];
    let gate = Gate::open(&settings).await;
    gate.server.sign_up("operator@example.com").await;
    let is = json!({"sub": "5f1d7a84", "roles": ["chat-admin"]});
    gate.upstream.says("GET /userinfo", 200, &is);
    gate.comes_in("openid", &json!({})).await;
    gate.upstream.says_text("GET /userinfo", 200, "application/jwt", "e30.e30.e30");
    let browser = Browser::at(&gate.server);
    assert_eq!(refused(&gate.enters(&browser, "openid", &json!({})).await), "provider_failed");
    assert_eq!(standing(&gate, "ada@example.com").await.0, ["admin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chats_way_gives_the_first_role_of_a_list() {
    let gate = Gate::open(&[
        ("OPENID_ROLE_SYNC_ENABLED", "true"),
        ("OPENID_ROLE_SYNC_CLAIM", "roles"),
        ("OPENID_ROLE_SYNC_ROLE_PRIORITY", "STANDARD-USER, BASIC-USER"),
        ("OPENID_ROLE_SYNC_FALLBACK_ROLE", "USER"),
    ])
    .await;
    for (roles, expected) in [
        (json!(["BASIC-USER", "STANDARD-USER", "ADMIN"]), "standard-user"),
        (json!(["BASIC-USER"]), "basic-user"),
        (json!("BASIC-USER"), "basic-user"),
        (json!(["ADMIN", "admin"]), "user"),
        (json!(null), "user"),
    ] {
        gate.comes_in("openid", &json!({"roles": roles})).await;
        assert_eq!(standing(&gate, "ada@example.com").await.0, [expected], "{roles}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_104_an_address_of_another_claim_never_links() {
    let gate = Gate::open(&[
        ("OPENID_USERNAME_CLAIM", "nick"),
        ("OPENID_NAME_CLAIM", "display.name"),
        ("OPENID_EMAIL_CLAIM", "contact.mail"),
        ("OPENID_AUDIENCE", "https://api.example.com, https://other.example.com"),
    ])
    .await;
    gate.server.sign_up("operator@example.com").await;
    let claims = |sub: &str, mail: &str| json!({"sub": sub, "nick": "ada.lovelace", "display": {"name": "Ada L."}, "contact": {"mail": mail}});
    gate.comes_in("openid", &claims("ada", "ada@lovelace.example")).await;
    let ada = gate.who("ada@lovelace.example").await.expect("an account");
    assert_eq!(
        (&ada["username"], &ada["name"], &ada["verified"]),
        (&json!("ada.lovelace"), &json!("Ada L."), &json!(false))
    );
    let browser = Browser::at(&gate.server);
    let answer = gate.enters(&browser, "openid", &claims("eve", "operator@example.com")).await;
    assert!(answer.header("location").starts_with("/login/link/"), "{answer:?}");
    assert!(!browser.is_signed_in().await);
    assert_eq!(asked_with(&gate.leaves(&browser, "openid").await, "audience"), "https://api.example.com");
    // Where they lack, the usual ones count.
    gate.comes_in("openid", &json!({"sub": "ben", "email": "ben@example.com", "name": "Ben"})).await;
    assert_eq!(gate.who("ben@example.com").await.expect("an account")["verified"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_page_leads_straight_on_where_it_is_to() {
    let gate = Gate::open(&[("OPENID_AUTO_REDIRECT", "true")]).await;
    let browser = Browser::at(&gate.server);
    let answer = browser.open("/login?return_to=%2Faccount%2Fsecurity").await.expect(303);
    assert_eq!(answer.header("location"), "/oauth/openid?return_to=%2Faccount%2Fsecurity");
    assert_eq!(gate.server.get("/api/config").await.expect(200).json()["openidAutoRedirect"], true);
    let location = browser.open(answer.header("location")).await.expect(303).header("location").to_owned();
    let back = browser.open(&gate.upstream.lets_in(&location, &json!({}))).await.expect(303);
    assert_eq!(back.header("location"), "/account/security");
    let browser = Browser::at(&gate.server);
    for stays in ["/login?redirect=false", "/login?failed=access_denied&by=openid", "/login?again=true"] {
        browser.open(stays).await.expect(200);
    }
    let location = browser.open("/oauth/openid?return_to=").await.expect(303).header("location").to_owned();
    let state = asked_with(&location, "state");
    let cancelled = crate::support::upstream::back(
        &location,
        &[("error", "access_denied"), ("state", &state), ("iss", &gate.upstream.issuer)],
    );
    let answer = browser.open(&cancelled).await;
    assert_eq!(refused(&answer), "access_denied");
    browser.open(answer.header("location")).await.expect(200);
}
