//! Where a connector's secret may go.

use serde_json::json;

use super::known::comes_back;
use crate::support::Browser;
use crate::support::gate::{each_gate, refused};
use crate::support::upstream::{SECRET, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn sec_101_another_issuer_asks_for_another_secret_and_nobody_of_before_is_known_there() {
    each_gate(&[], async |gate| {
        gate.comes_in("openid", &json!({})).await;
        let other = Upstream::start().await;
        let moved = gate.another_node(&[("OPENID_ISSUER", other.issuer.as_str())]).await;
        let answer = Browser::at(&moved).open("/oauth/openid?return_to=%2Faccount").await;
        assert_eq!(refused(&answer), "provider_failed");
        assert!(other.asked("GET /.well-known/openid-configuration").is_empty(), "nobody is sent there");
        moved.stop().await;
        let settings = [("OPENID_ISSUER", other.issuer.as_str()), ("OPENID_CLIENT_SECRET", "set for that one")];
        let moved = gate.another_node(&settings).await;
        let browser = Browser::at(&moved);
        let location =
            browser.open("/oauth/openid?return_to=%2Faccount").await.expect(303).header("location").to_owned();
        assert!(location.starts_with(&other.issuer), "{location}");
        let eve = json!({"email": "eve@example.com"});
        let answer = browser.open(&other.lets_in(&location, &eve)).await.expect(303);
        assert_eq!(answer.header("location"), "/account");
        let (ada, eve) = (gate.who("ada@example.com").await, gate.who("eve@example.com").await);
        assert_ne!(
            ada.expect("an account")["id"],
            eve.expect("an account")["id"],
            "the same subject of another issuer"
        );
        moved.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_101_another_host_of_a_known_provider_is_another_place() {
    each_gate(&[], async |gate| {
        comes_back(gate, &Browser::at(&gate.server), "github").await;
        let same = gate.another_node(&[]).await;
        let path = "/oauth/github?return_to=%2Faccount";
        let answer = Browser::at(&same).open(path).await.expect(303);
        assert!(answer.header("location").starts_with(&gate.upstream.issuer), "{answer:?}");
        same.stop().await;
        let elsewhere = gate.another_node_at("http://127.0.0.2:9").await;
        assert_eq!(refused(&Browser::at(&elsewhere).open(path).await), "provider_failed");
        elsewhere.stop().await;
        // Where people are sent alone.
        let at = &gate.upstream.issuer;
        let table = format!(
            "[[connector]]\nid = \"github\"\nissuer = \"https://github.com/login/oauth\"\n\
             authorization_url = \"http://127.0.0.2:9/github/auth\"\ntoken_url = \"{at}/github/token\"\n\
             api_url = \"{at}/github/api\"\n"
        );
        let elsewhere = gate.another_node_with(&table, &[]).await;
        assert_eq!(refused(&Browser::at(&elsewhere).open(path).await), "provider_failed");
        elsewhere.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_101_no_other_connector_takes_a_secret_elsewhere_and_two_may_share_a_place() {
    each_gate(&[], async |gate| {
        gate.comes_in("openid", &json!({})).await;
        gate.enters(&Browser::at(&gate.server), "staff", &json!({"sub": "of staff"})).await;
        assert_eq!(gate.upstream.asked("POST /token").len(), 2, "the same secret at the same place");
        let other = Upstream::start().await;
        let table = format!(
            "[[connector]]\nid = \"another\"\nkind = \"openid\"\nissuer = \"{}\"\n\
             client_id = \"x\"\nclient_secret = \"{SECRET}\"\n",
            other.issuer
        );
        let node = gate.another_node_with(&table, &[]).await;
        let answer = Browser::at(&node).open("/oauth/another?return_to=%2Faccount").await;
        assert_eq!(refused(&answer), "provider_failed");
        assert!(other.asked("GET /.well-known/openid-configuration").is_empty(), "nobody is sent there");
        node.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_101_a_mistyped_issuer_that_was_sent_nothing_is_mended_by_writing_it_right() {
    each_gate(&[], async |gate| {
        let other = Upstream::start().await;
        let mistyped = gate.another_node(&[("OPENID_ISSUER", other.issuer.as_str())]).await;
        let answer = Browser::at(&mistyped).open("/oauth/openid?return_to=%2Faccount").await.expect(303);
        assert!(answer.header("location").starts_with(&other.issuer), "{answer:?}");
        mistyped.stop().await;
        gate.comes_in("openid", &json!({})).await;
    })
    .await;
}
