//! Clients register themselves (RFC 7591) and look after their registration (RFC 7592).

mod call;
mod shapes;

use entity::ClientId;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::error::Result;
use crate::services::caller::Caller;
use call::{Body, InitialAccess, Management};
use shapes::{ClientChange, ClientInformation, ClientMetadata};

/// Where clients register, below the base path.
pub(super) const REGISTER: &str = "/oauth2/register";
/// Below which each one has an address of its own.
pub(super) const REGISTRATIONS: &str = "/oauth2/register/";

#[derive(ApiResponse)]
enum RegisterAnswer {
    /// The client is registered.
    #[oai(status = 201)]
    Registered(Json<ClientInformation>),
}

#[derive(ApiResponse)]
enum RemoveAnswer {
    /// The client is gone, with all that it was granted.
    #[oai(status = 204)]
    Removed,
}

/// What clients do about themselves; there only where `POSTERN_DYNAMIC_REGISTRATION` is not `off`.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl RegistrationApi {
    /// Register a client
    ///
    /// A client says what it is, and gets an id, a secret where it needs one, and a token by which it looks after its
    /// registration. Where POSTERN_DYNAMIC_REGISTRATION is `token` it shows one that was made for it; where it is `off`
    /// there is nothing here. People are asked each time before such a client gets anything.
    #[oai(path = "/oauth2/register", method = "post", operation_id = "registerClient")]
    async fn register(
        &self,
        app: App,
        caller: Caller,
        token: InitialAccess,
        document: Body<ClientMetadata>,
    ) -> Result<RegisterAnswer> {
        let new = app.registration.register(token.0.as_ref(), &document.0, &caller).await?;
        let answer = ClientInformation::of(&app, &new.client, new.token.expose(), new.secret.as_ref())?;
        Ok(RegisterAnswer::Registered(Json(answer)))
    }

    /// Show a registration
    ///
    /// What a client is registered with. Its secret is not shown again.
    #[oai(path = "/oauth2/register/:client_id", method = "get", operation_id = "getRegistration")]
    async fn read(
        &self,
        app: App,
        caller: Caller,
        token: Management,
        /// The client.
        client_id: Path<String>,
    ) -> Result<Json<ClientInformation>> {
        let client = app.registration.read(&ClientId::new(client_id.0), &token.0, &caller).await?;
        ClientInformation::of(&app, &client, token.0.expose_secret(), None).map(Json)
    }

    /// Replace a registration
    ///
    /// The body holds all of the client's metadata and its `client_id`; what it leaves out is taken away. The secret and
    /// the token stay as they are; a client that needs a secret from now on gets one. With another name or other
    /// redirect addresses, sign-ins under way have to be begun anew.
    #[oai(path = "/oauth2/register/:client_id", method = "put", operation_id = "replaceRegistration")]
    async fn replace(
        &self,
        app: App,
        caller: Caller,
        token: Management,
        /// The client.
        client_id: Path<String>,
        document: Body<ClientChange>,
    ) -> Result<Json<ClientInformation>> {
        let id = ClientId::new(client_id.0);
        let (client, secret) = app.registration.replace(&id, &token.0, &document.0, &caller).await?;
        ClientInformation::of(&app, &client, token.0.expose_secret(), secret.as_ref()).map(Json)
    }

    /// Remove a registration
    ///
    /// The client ends, and with it every token that it got.
    #[oai(path = "/oauth2/register/:client_id", method = "delete", operation_id = "removeRegistration")]
    async fn remove(
        &self,
        app: App,
        caller: Caller,
        token: Management,
        /// The client.
        client_id: Path<String>,
    ) -> Result<RemoveAnswer> {
        app.registration.remove(&ClientId::new(client_id.0), &token.0, &caller).await?;
        Ok(RemoveAnswer::Removed)
    }
}
