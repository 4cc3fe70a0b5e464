//! Discovery and the key set (OpenID Connect Discovery, RFC 8414, RFC 7517): true of what is
//! switched on.

use poem::http::HeaderValue;
use poem::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use poem::{Request, Response, handler};
use serde_json::{Value, json};

use super::cors;
use super::logout::LOGOUT;
use super::registration::REGISTER;
use crate::app::App;
use crate::error::Result;
use crate::services::clients::{
    AssertionAlgorithm, AuthMethod, GrantType, ResponseType, SigningAlgorithm, SubjectType,
};
use crate::services::grants::scope;
use crate::services::keys::JWKS_MAX_AGE;
use crate::services::registration::Mode;
use crate::services::tokens::ACR;
use crate::web::caller::{FORWARDED, forwarded};
use crate::web::return_to::AUTHORIZE;

/// What a query begins with that asks about the way here.
pub(crate) const DOCTOR: &str = "doctor=";

/// `GET /.well-known/openid-configuration`, `GET /.well-known/oauth-authorization-server`
///
/// Whoever asks with a `doctor` in the query is told what became of the headers of the proxy between us.
#[handler]
pub(crate) async fn show(app: App, request: &Request) -> Response {
    let mut answer = public(metadata(&app).to_string());
    if request.uri().query().is_some_and(|query| query.starts_with(DOCTOR)) {
        let told = HeaderValue::from_static(forwarded(request, &app.config.web.trusted_proxies));
        answer.headers_mut().insert(FORWARDED, told);
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

/// `GET /oauth2/jwks`
#[handler]
pub(crate) async fn keys(app: App) -> Result<Response> {
    Ok(public(app.keys.jwks().await?))
}

fn public(body: impl Into<poem::Body>) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header(CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs()))
        .header(ACCESS_CONTROL_ALLOW_ORIGIN, cors::ANYBODY)
        .body(body)
}

/// What this issuer speaks, by the names of the specifications.
pub(crate) fn metadata(app: &App) -> Value {
    let issuer = app.config.web.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let own_claims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];
    let claims: Vec<&str> = own_claims.into_iter().chain(scope::CLAIMS.map(|(name, _)| name)).collect();
    let scopes: Vec<&str> = scope::OF_PEOPLE.into_iter().chain(scope::OF_CLIENTS).collect();
    let methods: Vec<&str> = AuthMethod::ALL.iter().map(|it| it.name()).collect();
    // A public client proves nothing, and asks about no tokens; a token of its own may (RFC 8414 section 2).
    let confidential = AuthMethod::ALL.iter().filter(|it| **it != AuthMethod::None).map(|it| it.name());
    let inquirers: Vec<&str> = confidential.chain(["Bearer"]).collect();
    let assertions: Vec<&str> = AssertionAlgorithm::ALL.iter().map(|it| it.name()).collect();
    let signed: Vec<&str> = SigningAlgorithm::ALL.iter().map(|it| it.name()).collect();
    let mut metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at("/oauth2/token"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "jwks_uri": at("/oauth2/jwks"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "pushed_authorization_request_endpoint": at("/oauth2/par"),
        "device_authorization_endpoint": at("/oauth2/device_authorization"),
        "require_pushed_authorization_requests": false,
        "revocation_endpoint": at("/oauth2/revoke"),
        "end_session_endpoint": at(LOGOUT),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": scopes,
        "response_types_supported": ResponseType::ALL.iter().map(|it| it.name()).collect::<Vec<_>>(),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": GrantType::ALL.iter().map(|it| it.name()).collect::<Vec<_>>(),
        "subject_types_supported": SubjectType::ALL.iter().map(|it| it.name()).collect::<Vec<_>>(),
        "id_token_signing_alg_values_supported": signed,
        "userinfo_signing_alg_values_supported": signed,
        "introspection_signing_alg_values_supported": signed,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": inquirers,
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": [ACR],
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["en"],
    });
    if app.config.clients.documents {
        metadata["client_id_metadata_document_supported"] = true.into();
    }
    if app.config.registration.mode != Mode::Off {
        metadata["registration_endpoint"] = at(REGISTER).into();
    }
    metadata
}
