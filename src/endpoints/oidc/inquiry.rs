//! Who asks about tokens: a client by its own proof, or by an access token of its own with the scope
//! `introspect` (RFC 7662 section 2.1).

use std::sync::Arc;

use poem::http::HeaderMap;
use poem::http::header::AUTHORIZATION;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaRequest, MetaSecurityScheme, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;

use super::client_form::{self, ClientForm};
use super::parameters::Parameters;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::clients::Client;
use crate::services::grants::scope::INTROSPECT;
use crate::services::tokens::TokenKind;
use crate::web::form::pairs;

const SCHEME: &str = "introspectToken";

/// A form of a client that has proven who it is.
#[derive(Debug)]
pub(super) struct Inquiry<T> {
    /// The client.
    pub(super) client: Arc<Client>,
    /// What it sent.
    pub(super) form: T,
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for Inquiry<T> {
    const TYPES: &'static [ApiExtractorType] = ClientForm::<T>::TYPES;
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        ClientForm::<T>::register(registry);
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("An access token of the client's own, by client_credentials with the scope introspect."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![client_form::SCHEME, SCHEME]
    }

    fn request_meta() -> Option<MetaRequest> {
        ClientForm::<T>::request_meta()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = <App as FromRequest>::from_request(request, body).await?;
        Self::read(&app, request, body).await
    }
}

impl<T: DeserializeOwned> Inquiry<T> {
    /// Reads the form and proves the client.
    ///
    /// # Errors
    /// As [`ClientForm::read`]; 401 for a token that proves none.
    pub(super) async fn read(app: &App, request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let Some(token) = bearer(request.headers()) else {
            let ClientForm { client, form, .. } = ClientForm::read(app, request, body).await?;
            return Ok(Self { client, form });
        };
        let parameters = client_form::parameters(request, body).await?;
        // On the heap: who shows a secret has no use for its room.
        let client = Box::pin(owner(app, token, &parameters)).await?;
        Ok(Self { client, form: pairs::read_borrowed(parameters.without_repeats())? })
    }
}

/// The token of the one `Authorization` header, where it is of that scheme (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// The client that `token` was made for on its own authority. Nobody else's token stands in for one,
/// an administrator's no more than any other (SEC-085).
async fn owner(app: &App, token: &str, beside: &Parameters) -> Result<Arc<Client>> {
    let is_shown = |name: &&str| beside.all(name).any(|value| !value.is_empty());
    if ["client_secret", "client_assertion", "client_assertion_type"].iter().any(is_shown) {
        return Err(doubled());
    }
    let refused = || {
        let words = "The access token is not one of a client with the scope introspect.";
        Error::new(ErrorKind::InvalidToken, words)
    };
    let issuer = app.config.web.issuer();
    let found = app.tokens.inspect(token).await?;
    let found = found.filter(|it| it.kind == TokenKind::Access && it.live.is_none() && it.is_for(issuer));
    let found = found.filter(|it| it.scope.contains(INTROSPECT)).ok_or_else(refused)?;
    let id = found.client.as_ref().ok_or_else(refused)?;
    if beside.one("client_id")?.is_some_and(|named| named != id.as_str()) {
        return Err(doubled());
    }
    app.clients.find(id).await?.ok_or_else(refused)
}

fn doubled() -> Error {
    Error::new(ErrorKind::InvalidRequest, "The client shows itself in more than one way; one is enough.")
}
