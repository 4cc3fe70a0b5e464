//! Client authentication and a typed form in one extractor (RFC 6749, section 2.3).

use std::sync::Arc;

use poem::http::header::AUTHORIZATION;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSecurityScheme, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::endpoints::oidc::parameters::Parameters;
use crate::error::{Error, ErrorKind};
use crate::services::clients::AuthMethod;
use crate::services::clients::{Client, presented};
use crate::web::body;
use crate::web::form::pairs;

const SCHEME: &str = "clientSecretBasic";
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A form of a client that has proven who it is, as far as it can.
#[derive(Debug)]
pub(super) struct ClientForm<T> {
    /// The client. A public one has shown nothing but its id.
    pub(super) client: Arc<Client>,
    /// What it sent.
    pub(super) form: T,
    /// The resources that it named (RFC 8707); the one parameter that may be repeated.
    pub(super) resources: Vec<String>,
    /// All of it, as it came.
    pub(super) parameters: Parameters,
}

impl<'a, T: Type + DeserializeOwned> ApiExtractor<'a> for ClientForm<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject, ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some("Client id and secret; they may stand in the form as well."),
                name: None,
                key_in: None,
                scheme: Some("basic"),
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: MEDIA_TYPE, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
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

impl<T: DeserializeOwned> ClientForm<T> {
    /// Reads the form and proves the client.
    ///
    /// # Errors
    /// 415 for a body of another type, 400 for parameters in the address or a form that cannot be
    /// read, 401 for a client that does not prove itself.
    pub(super) async fn read(app: &App, request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        if !body::is_of_type(request.headers(), MEDIA_TYPE) {
            let words = "Send the parameters as application/x-www-form-urlencoded.";
            return Err(Error::new(ErrorKind::UnsupportedMediaType, words).into());
        }
        if request.uri().query().is_some_and(|query| !query.is_empty()) {
            // A token in an address ends in logs (RFC 6749 section 3.2, SEC-084).
            let words = "Send the parameters in the body, not in the address.";
            return Err(Error::new(ErrorKind::InvalidRequest, words).into());
        }
        let parameters = Parameters::parse(&body::read(request, body).await?)?;
        parameters.check_repeats()?;
        let one = |name| parameters.all(name).collect::<Vec<_>>();
        let shown = presented(&authorization(request)?, &one("client_id"), &one("client_secret"))?;
        let client = match shown.method {
            AuthMethod::None => app.clients.public(&shown.id).await?,
            method => app.clients.authenticate(&shown.id, shown.secret.expose_secret(), method).await?,
        };
        let resources = parameters.all("resource").filter(|it| !it.is_empty()).map(str::to_owned).collect();
        Ok(Self { client, form: pairs::read_borrowed(parameters.without_repeats())?, resources, parameters })
    }
}

fn authorization(request: &Request) -> Result<Vec<&str>, Error> {
    let values = request.headers().get_all(AUTHORIZATION).iter();
    values.map(|value| value.to_str().map_err(|_| ErrorKind::InvalidClient.into())).collect()
}
