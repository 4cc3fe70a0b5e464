//! The rules about what nobody has signed. None of it is spoken here, and discovery says so; the plans pass such rules
//! over, or want a refusal by name.

use serde_json::json;

use super::player::{Mode, Player};
use crate::support::TestServer;
use crate::support::relying_party::payload;
use crate::support::self_made::{OPEN, metadata};

/// A client that wants its ID tokens unsigned (Core section 2, `alg` none).
pub(super) async fn oidcc_idtoken_unsigned(mode: Mode) {
    let it = Player::new(mode).await;
    let document = it.server.get("/.well-known/openid-configuration").await.expect(200).json();
    let offered = document["id_token_signing_alg_values_supported"].as_array().expect("algorithms");
    assert!(!offered.contains(&json!("none")), "{document}");
    let id = it.tokens(&[]).await.id.expect("an ID token");
    assert!(!id.ends_with('.') && payload(&id)["iss"].is_string(), "it has a signature");
    it.app.verified(&id).await;

    let open = TestServer::start(OPEN).await;
    let wish = metadata(&[("id_token_signed_response_alg", json!("none"))]);
    let refused = open.register_client(None, &wish).await.expect(400);
    assert_eq!(refused.text("error"), "invalid_client_metadata");
    assert!(refused.text("error_description").contains("id_token_signed_response_alg"), "{refused:?}");
}

/// A request that stands at an address of the client's (Core section 6.2).
pub(super) async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(mode: Mode) {
    let it = Player::new(mode).await;
    let document = it.server.get("/.well-known/openid-configuration").await.expect(200).json();
    assert_eq!(document["request_uri_parameter_supported"], false);
    let fields = it.silently(&[("request_uri", "https://app.example/request.jwt")]).await;
    assert_eq!(fields["error"], "request_uri_not_supported");
    assert_eq!((&*fields["state"], fields.get("code")), ("a state & more", None));
}
