//! Where a device begins (RFC 8628 section 3.1).

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use super::PATH;
use crate::app::App;
use crate::endpoints::oidc::authorize::request::resources;
use crate::endpoints::oidc::client_form::ClientForm;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::GrantType;
use crate::services::grants::scope;
use crate::services::tokens::check_grant_type;

/// What an app on a device asks for.
#[derive(Debug, Object, Deserialize)]
#[oai(example)]
struct DeviceRequest {
    /// What is asked for, with blanks.
    scope: Option<String>,
    /// The resource that tokens are for (RFC 8707); may be repeated.
    resource: Option<String>,
}

impl Example for DeviceRequest {
    fn example() -> Self {
        Self { scope: Some("openid profile offline_access".into()), resource: None }
    }
}

/// What the device shows, and what it asks for tokens with (RFC 8628 section 3.2).
#[derive(Debug, Object)]
#[oai(example)]
struct DeviceAnswer {
    /// For the token endpoint; nobody but the device sees it.
    device_code: String,
    /// For the person to type.
    user_code: String,
    /// Where the person types it.
    verification_uri: String,
    /// The same with the code filled in, for a picture that a phone can read.
    verification_uri_complete: String,
    /// How long both codes live, in seconds.
    expires_in: u64,
    /// How long to wait between two questions at the token endpoint, in seconds.
    interval: u64,
}

impl Example for DeviceAnswer {
    fn example() -> Self {
        Self {
            device_code: "pst_dc_Xm0r0vGVy1g0b8bQm6cVw5i5sZr0xk0m2Y9mJ8hB1nE".into(),
            user_code: "WDJB-MJHT".into(),
            verification_uri: "https://auth.example.com/device".into(),
            verification_uri_complete: "https://auth.example.com/device?user_code=WDJB-MJHT".into(),
            expires_in: 600,
            interval: 5,
        }
    }
}

/// Devices that cannot show a sign-in page.
#[derive(Clone, Copy, Debug)]
pub struct DeviceApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl DeviceApi {
    /// Begin to let a device in
    ///
    /// The device shows the user code; a person types it on another device and decides. Meanwhile the device asks
    /// the token endpoint.
    #[oai(path = "/oauth2/device_authorization", method = "post", operation_id = "authorizeDevice")]
    async fn start(&self, app: App, caller: Caller, call: ClientForm<DeviceRequest>) -> Result<Json<DeviceAnswer>> {
        check_grant_type(&call.client, GrantType::DeviceCode)?;
        let asked = scope::words(call.form.scope.as_deref().unwrap_or_default());
        let granted = scope::grantable(&asked, &call.client);
        if granted.as_slice().is_empty() {
            return Err(ErrorKind::InvalidScope.into());
        }
        let resources = resources(&call.client, &call.parameters)?;
        let codes = app.grants.start_device(&call.client, &granted, &resources, &caller).await?;
        let verification_uri = format!("{}{PATH}", app.config.web.issuer());
        Ok(Json(DeviceAnswer {
            device_code: codes.device_code.expose().to_owned(),
            verification_uri_complete: format!("{verification_uri}?user_code={}", codes.user_code),
            verification_uri,
            user_code: codes.user_code.to_string(),
            expires_in: codes.lives.as_secs(),
            interval: codes.interval.as_secs(),
        }))
    }
}
