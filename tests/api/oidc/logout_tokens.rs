//! Logout tokens that come to us: nobody but our own apps is told by one that a session has ended.

use reqwest::Method;
use serde_json::json;

use crate::support::jws::Key;
use crate::support::{App, Browser, TestServer};

const ADA: &str = "ada@fernwood.example";

/// No address here takes one (Back-Channel Logout section 2.5), whoever has signed it or not.
#[tokio::test]
async fn sec_093_a_logout_token_ends_no_session_here() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let app = App::at(&server, "app");
    let (browser, tokens) = app.sign_in(ADA, &[]).await;
    let claims = crate::support::relying_party::payload(tokens.id.as_deref().expect("an ID token"));
    let now = claims["iat"].as_i64().expect("a moment");
    let token = json!({
        "iss": claims["iss"], "aud": "app", "sub": claims["sub"], "sid": claims["sid"], "iat": now, "exp": now + 60,
        "jti": "a", "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    let own = app_signed(&server, &token).await;
    let foreign = Key::ec().sign(&json!({"alg": "ES256", "typ": "logout+jwt"}), token.to_string().as_bytes());
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9.{}.", own.split('.').nth(1).expect("claims"));
    for token in [&own, &foreign, &unsigned] {
        let form = [("logout_token", token.as_str())];
        for path in ["/oauth2/backchannel_logout", "/oauth/openid/logout", "/oauth/openid/callback", "/logout"] {
            for answer in [
                server.send(server.request(Method::POST, path).form(&form)).await,
                browser.post(path, &form, None).await,
            ] {
                assert!(
                    (400..500).contains(&answer.status) || answer.header("location").contains("/login"),
                    "{path}: {answer:?}"
                );
            }
        }
        // The protocol's own endpoint keeps the form and asks the person.
        browser.open(&format!("/oauth2/logout?logout_token={token}&id_token_hint={token}")).await.expect(303);
        assert!(browser.is_signed_in().await && server.is_active(&tokens.access).await);
    }
    assert!(Browser::signed_in(&server, ADA).await.is_signed_in().await);
}

/// `claims` as a logout token by the key of this server.
async fn app_signed(server: &TestServer, claims: &serde_json::Value) -> String {
    use postern::services::clients::SigningAlgorithm;
    server.app.keys.sign(SigningAlgorithm::Es256, "logout+jwt", claims).await.expect("signed")
}
