//! The grants: what each offers for tokens. To add one: its word in
//! [`GrantType`], and what it asks of the request here.

use super::client_form::ClientForm;
use super::token::TokenRequest;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::GrantType;
use crate::services::grants::Redemption;
use crate::services::tokens::{TokenSet, Wanted};

/// A request for tokens of a client that may use the grant.
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) it: &'a ClientForm<TokenRequest>,
}

pub(super) async fn issue(grant: GrantType, call: Call<'_>) -> Result<TokenSet> {
    match grant {
        GrantType::AuthorizationCode => authorization_code(call).await,
        GrantType::RefreshToken => refresh_token(call).await,
        GrantType::ClientCredentials => client_credentials(call).await,
        GrantType::DeviceCode => device_code(call).await,
    }
}

/// RFC 6749 section 4.1.3.
async fn authorization_code(Call { app, caller, it }: Call<'_>) -> Result<TokenSet> {
    let brought = Redemption {
        code: needed(it.form.code.as_deref(), "The parameter code is missing.")?,
        redirect_uri: it.form.redirect_uri.as_deref(),
        verifier: it.form.code_verifier.as_deref(),
    };
    app.tokens.exchange_code(&it.client, &brought, &it.resources, caller).await
}

/// RFC 6749 section 6.
async fn refresh_token(Call { app, caller, it }: Call<'_>) -> Result<TokenSet> {
    let token = needed(it.form.refresh_token.as_deref(), "The parameter refresh_token is missing.")?;
    app.tokens.refresh_for(&it.client, token, &wanted(it), caller).await
}

/// RFC 6749 section 4.4.
async fn client_credentials(Call { app, it, .. }: Call<'_>) -> Result<TokenSet> {
    let set = app.tokens.for_client(&it.client, &wanted(it)).await?;
    app.registration.note_use(&it.client).await?;
    Ok(set)
}

/// RFC 8628 section 3.4.
async fn device_code(Call { app, caller, it }: Call<'_>) -> Result<TokenSet> {
    let code = needed(it.form.device_code.as_deref(), "The parameter device_code is missing.")?;
    app.sign_in.device(&it.client, code, &it.resources, caller).await
}

fn wanted(it: &ClientForm<TokenRequest>) -> Wanted<'_> {
    Wanted { scope: it.form.scope.as_deref(), resources: &it.resources }
}

fn needed<'a>(value: Option<&'a str>, words: &'static str) -> Result<&'a str> {
    value.ok_or_else(|| Error::new(ErrorKind::InvalidRequest, words))
}
