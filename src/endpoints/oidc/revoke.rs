//! Revocation (RFC 7009).

use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;

use super::client_form::ClientForm;
use super::cors;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;

/// A token to be given up.
#[derive(Debug, Object, Deserialize)]
#[oai(example)]
struct RevocationRequest {
    /// The token.
    #[serde(default)]
    token: String,
    /// What the client takes it for; not needed.
    token_type_hint: Option<String>,
}

impl Example for RevocationRequest {
    fn example() -> Self {
        Self { token: "pst_rt_3q2-7wAAAAA".into(), token_type_hint: Some("refresh_token".into()) }
    }
}

/// The same for every token: one that was none of the client's, or none at all, is left alone.
#[derive(ApiResponse)]
enum Revoked {
    /// Whatever the token was, it opens nothing for this client any more.
    #[oai(status = 200)]
    Done,
}

/// Giving tokens up.
#[derive(Clone, Copy, Debug)]
pub struct RevokeApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl RevokeApi {
    /// Give a token up
    ///
    /// Ends an access token, or a refresh token with all that came of its grant.
    #[oai(path = "/oauth2/revoke", method = "post", operation_id = "revoke")]
    async fn revoke(
        &self,
        app: App,
        caller: Caller,
        request: &poem::Request,
        call: ClientForm<RevocationRequest>,
    ) -> Result<Revoked> {
        cors::let_client_read(request, &call.client);
        if call.form.token.is_empty() {
            return Err(Error::new(ErrorKind::InvalidRequest, "The parameter token is missing."));
        }
        app.tokens.revoke(&call.client, &call.form.token, &caller).await?;
        Ok(Revoked::Done)
    }
}
