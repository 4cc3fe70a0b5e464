//! Who may come in: members of organisations, teams, servers and groups, and holders of a role.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::known::{comes_back, github_user};
use crate::support::gate::{Gate, refused};
use crate::support::upstream::asked_with;
use crate::support::{Answer, Browser};

const ORGANIZATIONS: &str = "GET /github/api/user/memberships/orgs";
const TEAMS: &str = "GET /github/api/user/teams";
const MEMBER: &str = "GET /discord/api/users/@me/guilds/197038439483310086/member";

/// The table of a provider whose addresses are the fake's, with `more` in it.
fn table(id: &str, more: &str) -> String {
    format!(
        "[[connector]]\nid = \"{id}\"\nissuer = \"ISSUER/{id}\"\ntrust_email = \"claimed\"\n\
         authorization_url = \"ISSUER/{id}/auth\"\ntoken_url = \"ISSUER/{id}/token\"\n\
         api_url = \"ISSUER/{id}/api\"\n{more}\n"
    )
}

/// A gate at which Ada comes in by GitHub, if she may.
async fn at_github(more: &str) -> Gate {
    let gate = Gate::with_file(&table("github", more)).await;
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({})));
    let emails = json!([{"email": "ada@example.com", "primary": true, "verified": true}]);
    gate.upstream.says("GET /github/api/user/emails", 200, &emails);
    gate.upstream.says(ORGANIZATIONS, 200, &json!([]));
    gate.upstream.says(TEAMS, 200, &json!([]));
    gate
}

fn membership(login: &str, state: &str) -> Value {
    json!({"state": state, "role": "member", "organization": {"login": login, "id": 424_242}})
}

async fn by(gate: &Gate, connector: &str) -> Answer {
    comes_back(gate, &Browser::at(&gate.server), connector).await
}

#[track_caller]
fn is_in(answer: &Answer) {
    assert_eq!((answer.status, answer.header("location")), (303, "/account/security"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_100_github_members_come_in_and_are_asked_for_each_time() {
    let gate = at_github("organizations = [\"Example-Org\"]").await;
    for (status, list, why) in [
        (200, json!([]), "not_a_member"),
        (200, json!([membership("example-org", "pending")]), "not_a_member"),
        (200, json!([membership("example-org-2", "active"), membership("other-org", "active")]), "not_a_member"),
        (302, json!({}), "groups_unknown"),
        (403, json!({"message": "Resource not accessible by integration"}), "groups_unknown"),
        (404, json!({"message": "Not Found"}), "groups_unknown"),
    ] {
        gate.upstream.says(ORGANIZATIONS, status, &list);
        assert_eq!(refused(&by(&gate, "github").await), why, "{status} {list}");
    }
    let too_often = "application/json\r\nx-ratelimit-remaining: 0";
    gate.upstream.says_text(ORGANIZATIONS, 403, too_often, "{\"message\": \"API rate limit exceeded\"}");
    assert_eq!(refused(&by(&gate, "github").await), "temporarily_unavailable");
    assert!(gate.who("ada@example.com").await.is_none());
    gate.upstream.says(ORGANIZATIONS, 200, &json!([membership("EXAMPLE-org", "active")]));
    is_in(&by(&gate, "github").await);
    gate.upstream.says(ORGANIZATIONS, 503, &json!({}));
    assert_eq!(refused(&by(&gate, "github").await), "temporarily_unavailable");
    // Who has left since does not come in again.
    gate.upstream.says(ORGANIZATIONS, 200, &json!([]));
    assert_eq!(refused(&by(&gate, "github").await), "not_a_member");
    let browser = Browser::at(&gate.server);
    assert_eq!(asked_with(&gate.leaves(&browser, "github").await, "scope"), "read:user user:email read:org");
    let page = browser.open("/login?failed=not_a_member&by=github").await.expect(200).body;
    assert!(page.contains("GitHub did not sign you in") && page.contains("Only members of certain"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_100_github_lists_are_read_page_by_page_and_at_no_other_server() {
    let gate = at_github("organizations = [\"example-org\"]").await;
    let next = format!("{}/github/api/user/memberships/orgs?state=active&page=2", gate.upstream.issuer);
    gate.upstream.says_page(ORGANIZATIONS, &json!([membership("other-org", "active")]), &next);
    gate.upstream.says_once(ORGANIZATIONS, 200, &json!([membership("example-org", "active")]));
    is_in(&by(&gate, "github").await);
    let pages: Vec<_> =
        gate.upstream.asked(ORGANIZATIONS).iter().map(|asked| asked.query.get("page").cloned()).collect();
    assert_eq!(pages, [None, Some("2".to_owned())]);
    gate.upstream.says_page(ORGANIZATIONS, &json!([membership("other-org", "active")]), "https://evil.example/next");
    assert_eq!(refused(&by(&gate, "github").await), "provider_failed");
    // One that never ends is read for a while, and no longer.
    for _ in 0..50 {
        gate.upstream.says_page(ORGANIZATIONS, &json!([membership("other-org", "active")]), &next);
    }
    let before = gate.upstream.asked(ORGANIZATIONS).len();
    assert_eq!(refused(&by(&gate, "github").await), "not_a_member");
    assert_eq!(gate.upstream.asked(ORGANIZATIONS).len() - before, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_100_github_teams_are_those_of_their_organisation() {
    let gate =
        at_github("teams = [\"example-org/back-end\"]\nrole_map = {\"Example-Org/Back-End\" = \"developer\"}").await;
    let team = |organization: &str, slug: &str| json!({"name": "Back End", "slug": slug, "organization": {"login": organization}});
    for list in [json!([]), json!([team("other-org", "back-end")]), json!([team("example-org", "back-end-2")])] {
        gate.upstream.says(TEAMS, 200, &list);
        assert_eq!(refused(&by(&gate, "github").await), "not_a_member", "{list}");
    }
    gate.upstream.says(TEAMS, 200, &json!([team("other-org", "admins"), team("Example-Org", "Back-End")]));
    is_in(&by(&gate, "github").await);
    let ada = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
    assert_eq!(ada.roles.as_slice(), ["developer", "user"]);
    assert_eq!(ada.groups.as_slice(), ["example-org/back-end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_full_members_of_a_server_come_in_and_have_its_roles() {
    let more = "guilds = [\"197038439483310086\"]\nrole_map = {\"197038439483310086/42\" = \"helper\"}";
    let gate = Gate::with_file(&table("discord", more)).await;
    let user = json!({"id": "80351110224678912", "username": "ada.example", "global_name": "Ada", "email": "ada@example.com", "verified": true, "avatar": "../x"});
    gate.upstream.says("GET /discord/api/users/@me", 200, &user);
    let member =
        |pending: bool| json!({"user": {"id": "80351110224678912"}, "roles": ["41", "42", "4/2"], "pending": pending});
    for (status, answer, code) in [
        (404, json!({"message": "Unknown Guild", "code": 10004}), "not_a_member"),
        (403, json!({"message": "Missing Access", "code": 50001}), "groups_unknown"),
        // Who has not agreed to its rules yet.
        (200, member(true), "not_a_member"),
        (200, json!({"user": {}}), "provider_failed"),
        (200, json!([]), "provider_failed"),
        (503, json!({}), "temporarily_unavailable"),
        (
            429,
            json!({"message": "You are being rate limited.", "retry_after": 65, "global": true}),
            "temporarily_unavailable",
        ),
    ] {
        gate.upstream.says(MEMBER, status, &answer);
        assert_eq!(refused(&by(&gate, "discord").await), code, "{status} {answer}");
    }
    let soon = json!({"message": "You are being rate limited.", "retry_after": 0.001, "global": false});
    gate.upstream.says_once(MEMBER, 429, &soon);
    gate.upstream.says(MEMBER, 200, &member(false));
    is_in(&by(&gate, "discord").await);
    let ada = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
    assert_eq!(ada.roles.as_slice(), ["helper", "user"]);
    assert_eq!(ada.groups.as_slice(), ["197038439483310086", "197038439483310086/42"]);
    let location = gate.leaves(&Browser::at(&gate.server), "discord").await;
    assert_eq!(asked_with(&location, "scope"), "identify email guilds.members.read");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_claims_of_the_token_or_of_the_userinfo() {
    let gate = Gate::with_file("[[connector]]\nid = \"openid\"\nrequired_groups = [\"staff\", \"board\"]\n").await;
    let userinfo = "GET /userinfo";
    gate.upstream.says(userinfo, 200, &json!({"sub": "5f1d7a84"}));
    let browser = Browser::at(&gate.server);
    for odd in [
        json!({}),
        json!({"groups": []}),
        json!({"groups": ["Staff", "staff2", "not staff"]}),
        json!({"groups": "staff,board"}),
        json!({"groups": {"staff": true}}),
        json!({"roles": ["staff"]}),
    ] {
        assert_eq!(refused(&gate.enters(&browser, "openid", &odd).await), "not_a_member", "{odd}");
    }
    gate.comes_in("openid", &json!({"groups": ["others", "board"]})).await;
    gate.comes_in("openid", &json!({"groups": "staff"})).await;
    // Amazon Cognito adds a group of its own.
    let cognito = json!({"cognito:groups": ["staff", "eu-central-1_ExAmPle01_Google"]});
    gate.comes_in("openid", &cognito).await;
    let ada = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
    assert_eq!(ada.groups.as_slice(), ["staff"], "what no table names stays over there");
    gate.upstream.says(userinfo, 200, &json!({"sub": "5f1d7a84", "groups": ["board"]}));
    gate.comes_in("openid", &json!({})).await;
    gate.upstream.says(userinfo, 503, &json!({}));
    assert_eq!(refused(&gate.enters(&browser, "openid", &json!({})).await), "temporarily_unavailable");
}

/// Goes to the OpenID provider, whose access token is a JWT of these claims.
async fn with_access(gate: &Gate, browser: &Browser, access: &Value) -> Answer {
    let location = gate.leaves(browser, "openid").await;
    let id_token = gate.upstream.signed(&gate.upstream.claims(&location, &json!({})));
    let token = format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(access.to_string()));
    let tokens = json!({"access_token": token, "token_type": "Bearer", "id_token": id_token});
    gate.upstream.says_once("POST /token", 200, &tokens);
    browser.open(&gate.upstream.lets_in(&location, &json!({}))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_role_is_looked_for_where_the_settings_say() {
    let with = |kind: &'static str| {
        [
            ("OPENID_REQUIRED_ROLE", "member, staff"),
            ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "realm_access.roles"),
            ("OPENID_REQUIRED_ROLE_TOKEN_KIND", kind),
        ]
    };
    let holds = |role: &str| json!({"realm_access": {"roles": ["offline_access", role]}});
    let gate = Gate::open(&with("access")).await;
    let browser = Browser::at(&gate.server);
    assert_eq!(refused(&gate.enters(&browser, "openid", &holds("staff")).await), "role_missing", "in another token");
    assert_eq!(refused(&with_access(&gate, &browser, &holds("not-staff")).await), "role_missing");
    is_in(&with_access(&gate, &browser, &holds("staff")).await);
    let page = Browser::at(&gate.server).open("/login?failed=role_missing&by=openid").await.expect(200).body;
    assert!(page.contains("lacks the role"), "{page}");

    let gate = Gate::open(&with("id")).await;
    let browser = Browser::at(&gate.server);
    for odd in [json!({}), json!({"realm_access": {"roles": "members"}}), json!({"roles": ["member"]}), holds("MEMBER")]
    {
        assert_eq!(refused(&gate.enters(&browser, "openid", &odd).await), "role_missing", "{odd}");
    }
    gate.comes_in("openid", &holds("member")).await;
    // The file's other connectors ask for none.
    gate.comes_in("google", &json!({"sub": "somebody else", "email": "eve@example.com"})).await;

    let gate = Gate::open(&with("userinfo")).await;
    let mut userinfo = holds("member");
    userinfo["sub"] = json!("5f1d7a84");
    gate.upstream.says("GET /userinfo", 200, &userinfo);
    gate.comes_in("openid", &json!({})).await;
    gate.upstream.says("GET /userinfo", 200, &json!({"sub": "5f1d7a84"}));
    assert_eq!(refused(&gate.enters(&Browser::at(&gate.server), "openid", &holds("member")).await), "role_missing");
}
