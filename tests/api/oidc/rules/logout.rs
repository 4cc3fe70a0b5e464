//! The RP-Initiated Logout plan, and the Back-Channel Logout plan that begins in the same way.

mod rp_initiated_logout {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use url::form_urlencoded;

    use crate::oidc::rules::player::{Mode, Player};
    use crate::support::Answer;

    const BYE: (&str, &str) = ("post_logout_redirect_uri", "https://app.example/bye");
    const STATE: (&str, &str) = ("state", "any state");

    /// Signs the person in to the client; answers the ID token besides.
    async fn signed_in() -> (Player, String) {
        let it = Player::new(Mode::Query).await;
        let tokens = it.tokens(&[]).await;
        (it, tokens.id.expect("an ID token"))
    }

    async fn logout(it: &Player, fields: &[(&str, &str)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        it.browser.open(&format!("/oauth2/logout?{query}")).await.expect(303)
    }

    /// The person ends on a page of ours, signed out or asked whether they want to be.
    async fn stays(it: &Player, answer: &Answer, words: &str) {
        assert_eq!(answer.header("location"), "/logout");
        let page = it.browser.open("/logout").await.expect(200);
        assert!(page.body.contains(words), "{}", page.body);
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
        let it = Player::new(Mode::Query).await;
        let found = it.server.get("/.well-known/openid-configuration").await.expect(200);
        let issuer = it.server.app.config.web.issuer();
        assert_eq!(found.text("end_session_endpoint"), format!("{issuer}/oauth2/logout"));
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout() {
        let (it, hint) = signed_in().await;
        let answer = logout(&it, &[("id_token_hint", &hint), BYE, STATE]).await;
        assert_eq!(answer.header("location"), "https://app.example/bye?state=any+state");
        let silent = it.silently(&[("prompt", "none")]).await;
        assert_eq!(silent["error"], "login_required");
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_no_state() {
        let (it, hint) = signed_in().await;
        let answer = logout(&it, &[("id_token_hint", &hint), BYE]).await;
        assert_eq!(answer.header("location"), BYE.1);
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
        let (it, hint) = signed_in().await;
        let bad = ("post_logout_redirect_uri", "https://app.example/bye/not-registered");
        let answer = logout(&it, &[("id_token_hint", &hint), bad, STATE]).await;
        stays(&it, &answer, "You are signed out").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
        let (it, hint) = signed_in().await;
        let added = ("post_logout_redirect_uri", "https://app.example/bye?foo=bar");
        let answer = logout(&it, &[("id_token_hint", &hint), added, STATE]).await;
        stays(&it, &answer, "You are signed out").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
        let (it, hint) = signed_in().await;
        let payload = hint.split('.').nth(1).expect("a payload");
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"));
        let answer = logout(&it, &[("id_token_hint", &unsigned), BYE, STATE]).await;
        stays(&it, &answer, "Sign out?").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
        let (it, hint) = signed_in().await;
        let (message, _) = hint.rsplit_once('.').expect("a signature");
        let bad = format!("{message}.{}", URL_SAFE_NO_PAD.encode([7; 256]));
        let answer = logout(&it, &[("id_token_hint", &bad), BYE, STATE]).await;
        stays(&it, &answer, "Sign out?").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_no_id_token_hint() {
        let (it, _) = signed_in().await;
        let answer = logout(&it, &[BYE, STATE]).await;
        stays(&it, &answer, "Sign out?").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_no_params() {
        let (it, _) = signed_in().await;
        let answer = logout(&it, &[]).await;
        stays(&it, &answer, "Sign out?").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
        let (it, hint) = signed_in().await;
        let answer = logout(&it, &[("id_token_hint", &hint), STATE]).await;
        stays(&it, &answer, "You are signed out").await;
    }

    #[tokio::test]
    async fn oidcc_rp_initiated_logout_only_state() {
        let (it, _) = signed_in().await;
        let answer = logout(&it, &[STATE]).await;
        stays(&it, &answer, "Sign out?").await;
    }
}

mod back_channel_logout {
    use serde_json::json;
    use tempfile::TempDir;

    use crate::oidc::rules::player::ADA;
    use crate::support::receiver::Receiver;
    use crate::support::relying_party::payload;
    use crate::support::{App, TestServer};

    #[tokio::test]
    async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
        let server = TestServer::start(&[]).await;
        let found = server.get("/.well-known/openid-configuration").await.expect(200).json();
        assert_eq!(found["backchannel_logout_supported"], json!(true));
        assert_eq!(found["backchannel_logout_session_supported"], json!(true));
    }

    #[tokio::test]
    async fn oidcc_backchannel_rp_initiated_logout() {
        let (receiver, folder) = (Receiver::start().await, TempDir::new().expect("a folder"));
        let file = receiver.clients_file(folder.path());
        let near = ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8");
        let server = TestServer::start(&[("POSTERN_CLIENTS_FILE", &file), near]).await;
        server.sign_up(ADA).await;
        let app = App::at(&server, "told");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let hint = tokens.id.expect("an ID token");
        let bye = "https://told.example/bye";
        let path = format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri={bye}&state=x");
        let answer = browser.open(&path).await.expect(303);
        assert_eq!(answer.header("location"), format!("{bye}?state=x"));
        let heard = receiver.hears(1).await;
        let claims = app.verified(heard[0].token()).await;
        for same in ["iss", "aud", "sub", "sid"] {
            assert_eq!(claims[same], payload(&hint)[same], "{same}");
        }
    }
}
