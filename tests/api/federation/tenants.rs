//! Microsoft Entra: an issuer of many tenants, keys that say for whom they sign, and groups that a token has no
//! room for.

use serde_json::{Value, json};

use super::known::iss;
use crate::support::gate::{Gate, refused};
use crate::support::{Answer, Browser};

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const SECOND: &str = "22222222-2222-4333-8444-555555555555";
const OTHER: &str = "99999999-8888-4777-8666-555555555555";
const EDITORS: &str = "00000000-0000-4000-8000-0000000000d1";
const GRAPH: &str = "POST /v1.0/me/getMemberObjects";

/// A gate for people of two tenants, with `more` in its table.
async fn open(more: &str) -> Gate {
    let gate = Gate::with_file(&format!(
        "[[connector]]\nid = \"entra\"\nkind = \"openid\"\nissuer = \"ISSUER/organizations/v2.0\"\n\
         client_id = \"postern at upstream\"\nclient_secret = \"x\"\n\
         tenants = [\"{TENANT}\", \"{SECOND}\"]\n{more}\n"
    ))
    .await;
    let mut document = gate.upstream.document();
    document["issuer"] = json!(format!("{}/{{tenantid}}/v2.0", gate.upstream.issuer));
    document["msgraph_host"] = json!(gate.upstream.issuer.trim_start_matches("http://"));
    for name in ["userinfo_endpoint", "authorization_response_iss_parameter_supported"] {
        document.as_object_mut().expect("an object").remove(name);
    }
    gate.upstream.says("GET /organizations/v2.0/.well-known/openid-configuration", 200, &document);
    gate
}

/// The claims of somebody in `tenant`, with `more` in them.
fn of(gate: &Gate, tenant: &str, more: &Value) -> Value {
    let mut claims = json!({
        "iss": format!("{}/{tenant}/v2.0", gate.upstream.issuer), "tid": tenant,
        "sub": "AAAAAAAAAAAAAAAAAAAAAExamplePairwiseSub0001", "email_verified": null,
    });
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

async fn enters(gate: &Gate, claims: &Value) -> Answer {
    enters_with(&Browser::at(&gate.server), gate, claims).await
}

async fn enters_with(browser: &Browser, gate: &Gate, claims: &Value) -> Answer {
    let once = async || {
        let location = gate.leaves(browser, "entra").await;
        browser.open(&gate.upstream.lets_in(&location, claims).replace(&iss(gate), "")).await
    };
    let answer = once().await;
    // Its word for an address counts for nothing.
    if !answer.header("location").starts_with("/login/link/") {
        return answer;
    }
    gate.registers(browser, &answer).await;
    once().await
}

#[track_caller]
fn is_in(answer: &Answer) {
    assert_eq!((answer.status, answer.header("location")), (303, "/account/security"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_099_only_people_of_the_named_tenants_come_in() {
    let gate = open("").await;
    let issuer = |tenant: &str| format!("{}/{tenant}/v2.0", gate.upstream.issuer);
    let trick = format!("common/../{TENANT}");
    for (claims, code) in [
        (of(&gate, OTHER, &json!({"email": "operator@example.com"})), "other_tenant"),
        (of(&gate, TENANT, &json!({"iss": issuer(OTHER)})), "provider_failed"),
        (of(&gate, OTHER, &json!({"iss": issuer(TENANT)})), "provider_failed"),
        (of(&gate, TENANT, &json!({"tid": null})), "provider_failed"),
        (of(&gate, TENANT, &json!({"iss": issuer("{tenantid}"), "tid": "{tenantid}"})), "provider_failed"),
        (of(&gate, TENANT, &json!({"iss": issuer(&trick), "tid": trick})), "provider_failed"),
        (of(&gate, "AAAAAAAA-2222-4333-8444-555555555555", &json!({})), "provider_failed"),
        (of(&gate, TENANT, &json!({"iss": format!("https://sts.windows.net/{TENANT}/")})), "provider_failed"),
    ] {
        assert_eq!(refused(&enters(&gate, &claims).await), code, "{claims}");
    }
    is_in(&enters(&gate, &of(&gate, TENANT, &json!({}))).await);
    let ada = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
    assert!(!ada.email_verified, "what an administrator over there has typed proves nothing");
    let identity = gate.app.users.identities(ada.id).await.expect("a read").remove(0);
    assert_eq!(identity.issuer, issuer(TENANT));
    // The same subject of another tenant is another person.
    is_in(&enters(&gate, &of(&gate, SECOND, &json!({"email": "eve@example.com"}))).await);
    let eve = gate.app.users.by_email("eve@example.com").await.expect("a read").expect("an account");
    assert_ne!(eve.id, ada.id);
    let page = Browser::at(&gate.server).open("/login?failed=other_tenant&by=entra").await.expect(200).body;
    assert!(page.contains("none of those whose people may come in"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_096_a_key_signs_for_those_whom_it_is_for() {
    for (tenant, comes_in) in [("{tenantid}", true), (TENANT, true), (SECOND, false), (OTHER, false)] {
        let gate = open("").await;
        let mut key = gate.upstream.jwk();
        key["issuer"] = json!(format!("{}/{tenant}/v2.0", gate.upstream.issuer));
        gate.upstream.says("GET /jwks", 200, &json!({"keys": [key]}));
        let answer = enters(&gate, &of(&gate, TENANT, &json!({}))).await;
        match comes_in {
            true => is_in(&answer),
            false => assert_eq!(refused(&answer), "provider_failed", "{tenant}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_a_token_has_no_room_for_are_asked_for_and_never_taken_for_none() {
    let gate = open(&format!("required_groups = [\"{EDITORS}\"]\nrole_map = {{\"{EDITORS}\" = \"editor\"}}")).await;
    let elsewhere = format!("{}/elsewhere", gate.upstream.issuer);
    let points = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": elsewhere}}});
    let many = of(&gate, TENANT, &points);
    for (status, body, code) in [
        (403, json!({"error": {"code": "Authorization_RequestDenied"}}), "groups_unknown"),
        (200, json!({"value": [EDITORS], "@odata.nextLink": "https://evil.example/next"}), "groups_unknown"),
        (200, json!({"value": "none"}), "groups_unknown"),
        (503, json!({}), "temporarily_unavailable"),
        (200, json!({"value": [OTHER]}), "not_a_member"),
        (200, json!({"value": []}), "not_a_member"),
    ] {
        gate.upstream.says(GRAPH, status, &body);
        assert_eq!(refused(&enters(&gate, &many).await), code, "{status} {body}");
    }
    gate.upstream.says(GRAPH, 200, &json!({"value": [OTHER, EDITORS]}));
    is_in(&enters(&gate, &many).await);
    is_in(&enters(&gate, &of(&gate, TENANT, &json!({"hasgroups": true}))).await);
    let ada = gate.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
    assert_eq!(ada.roles.as_slice(), ["editor", "user"]);
    assert_eq!(ada.groups.as_slice(), [EDITORS]);
    let asked = gate.upstream.asked(GRAPH);
    assert!(asked.iter().all(|asked| asked.head.contains("authorization: Bearer an access token")), "{asked:?}");
    assert!(gate.upstream.asked("POST /elsewhere").is_empty() && gate.upstream.asked("GET /elsewhere").is_empty());
    // Where the token lists them, nobody is asked.
    is_in(&enters(&gate, &of(&gate, TENANT, &json!({"groups": [EDITORS]}))).await);
    assert_eq!(gate.upstream.asked(GRAPH).len(), asked.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_by_one_of_many_tenants_is_signed_out_there_too() {
    let gate = open("upstream_logout = \"standard\"").await;
    let browser = Browser::at(&gate.server);
    is_in(&enters_with(&browser, &gate, &of(&gate, TENANT, &json!({}))).await);
    let answer = browser.submit("/logout", "/logout", &[]).await.expect(303);
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{}/bye?", gate.upstream.issuer)), "{location}");
}
