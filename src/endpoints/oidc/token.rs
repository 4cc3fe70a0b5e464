//! The token endpoint (RFC 6749 section 3.2): what every grant shares.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::client_form::ClientForm;
use super::cors;
use super::grants::{self, Call};
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::GrantType;
use crate::services::grants::scope;
use crate::services::tokens::{TokenSet, check_grant_type};

/// What a client sends for tokens.
#[derive(Debug, Default, Object, Deserialize)]
#[oai(example)]
pub(super) struct TokenRequest {
    /// What it has to offer.
    #[serde(default)]
    pub(super) grant_type: String,
    /// For `authorization_code`: the code.
    pub(super) code: Option<String>,
    /// For `authorization_code`: the redirect address of the request.
    pub(super) redirect_uri: Option<String>,
    /// For `authorization_code`: the verifier of the challenge (RFC 7636).
    pub(super) code_verifier: Option<String>,
    /// For `refresh_token`: the refresh token.
    pub(super) refresh_token: Option<String>,
    /// For the grant of a device: the device code (RFC 8628).
    pub(super) device_code: Option<String>,
    /// Less than was granted, with blanks; for `client_credentials` what is asked for.
    pub(super) scope: Option<String>,
    /// The resource that the access token is for (RFC 8707); may be repeated.
    pub(super) resource: Option<String>,
}

impl Example for TokenRequest {
    fn example() -> Self {
        Self {
            grant_type: GrantType::AuthorizationCode.name().into(),
            code: Some("pst_ac_Xm0r0vGVy1g0b8bQm6cVw5i5sZr0xk0m2Y9mJ8hB1nE".into()),
            redirect_uri: Some("https://chat.example.com/oauth/openid/callback".into()),
            code_verifier: Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into()),
            ..Self::default()
        }
    }
}

/// What a client gets (RFC 6749 section 5.1).
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub(super) struct TokenAnswer {
    /// Opens what its scope says.
    access_token: String,
    /// How it is used: `Bearer`.
    token_type: String,
    /// How long it lives, in seconds.
    expires_in: u64,
    /// What to come back with, where `offline_access` was granted.
    refresh_token: Option<String>,
    /// Who the person is, where `openid` was granted.
    id_token: Option<String>,
    /// What was granted, with blanks.
    scope: String,
}

impl From<TokenSet> for TokenAnswer {
    fn from(set: TokenSet) -> Self {
        Self {
            access_token: set.access_token.expose_secret().to_owned(),
            token_type: "Bearer".into(),
            expires_in: set.expires_in.as_secs(),
            refresh_token: set.refresh_token.map(|token| token.expose_secret().to_owned()),
            id_token: set.id_token,
            scope: scope::text(&set.scope),
        }
    }
}

impl Example for TokenAnswer {
    fn example() -> Self {
        Self {
            access_token: "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl".into(),
            token_type: "Bearer".into(),
            expires_in: 900,
            refresh_token: None,
            id_token: Some("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl".into()),
            scope: "openid profile email".into(),
        }
    }
}

/// Tokens for clients.
#[derive(Clone, Copy, Debug)]
pub struct TokenApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl TokenApi {
    /// Get tokens
    ///
    /// Exchanges a code, a refresh token or a device code, or asks on the client's own authority. Clients find this address by
    /// discovery.
    #[oai(path = "/oauth2/token", method = "post", operation_id = "token")]
    async fn token(
        &self,
        app: App,
        caller: Caller,
        request: &poem::Request,
        call: ClientForm<TokenRequest>,
    ) -> Result<Json<TokenAnswer>> {
        cors::let_client_read(request, &call.client);
        let grant: GrantType = match call.form.grant_type.as_str() {
            "" => return Err(Error::new(ErrorKind::InvalidRequest, "The parameter grant_type is missing.")),
            text => text.parse().map_err(|_| Error::from(ErrorKind::UnsupportedGrantType))?,
        };
        check_grant_type(&call.client, grant)?;
        Ok(Json(grants::issue(grant, Call { app: &app, caller: &caller, it: &call }).await?.into()))
    }
}
