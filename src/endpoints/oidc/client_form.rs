//! Client authentication and a typed form in one extractor (RFC 6749, section 2.3).

use std::sync::Arc;

use poem::http::header::AUTHORIZATION;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, MetaSecurityScheme, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::endpoints::oidc::parameters::Parameters;
use crate::error::{Error, ErrorKind};
use crate::services::caller::Caller;
use crate::services::clients::{Brought, Client, Credentials, presented};
use crate::web::body;
use crate::web::form::pairs;

/// How the proof of a client is called in the document.
pub(super) const SCHEME: &str = "clientSecretBasic";
/// Where requests are pushed to: its address may be the audience of an assertion (RFC 9126 section 2).
const PUSH: &str = "/oauth2/par";
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
        describe_proof::<T>(registry);
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "http",
                description: Some(
                    "Client id and secret; they may stand in the form as well, or an assertion in their place.",
                ),
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

/// What may stand in every such form beside what its operation asks for (RFC 6749 section 2.3.1, RFC 7521 section 4.2).
const PROOF: [(&str, &str); 4] = [
    ("client_id", "Who the client is, where no header says so."),
    ("client_secret", "Its secret, for `client_secret_post`."),
    ("client_assertion", "In place of a secret: what the client has signed (RFC 7523), for one use."),
    ("client_assertion_type", "Beside it, always `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`."),
];

/// Adds [`PROOF`] to the form `T` in the document: no operation reads it.
fn describe_proof<T: Type>(registry: &mut Registry) {
    let Some(form) = registry.schemas.get_mut(&*T::name()) else { return };
    for (name, about) in PROOF {
        if !form.properties.iter().any(|(known, _)| *known == name) {
            let text = MetaSchema { description: Some(about), ..MetaSchema::new("string") };
            form.properties.push((name, MetaSchemaRef::Inline(Box::new(text))));
        }
    }
}

impl<T: DeserializeOwned> ClientForm<T> {
    /// Reads the form and proves the client.
    ///
    /// # Errors
    /// 415 for a body of another type, 400 for parameters in the address or a form that cannot be
    /// read, 401 for a client that does not prove itself.
    pub(super) async fn read(app: &App, request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let parameters = parameters(request, body).await?;
        let client = proven(app, request, body, &parameters).await?;
        let resources = parameters.all("resource").filter(|it| !it.is_empty()).map(str::to_owned).collect();
        Ok(Self { client, form: pairs::read_borrowed(parameters.without_repeats())?, resources, parameters })
    }
}

/// The parameters of a request that bears none in its address.
pub(super) async fn parameters(request: &Request, body: &mut RequestBody) -> Result<Parameters, Error> {
    if !body::is_of_type(request.headers(), MEDIA_TYPE) {
        let words = "Send the parameters as application/x-www-form-urlencoded.";
        return Err(Error::new(ErrorKind::UnsupportedMediaType, words));
    }
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        // A token in an address ends in logs (RFC 6749 section 3.2, SEC-084).
        let words = "Send the parameters in the body, not in the address.";
        return Err(Error::new(ErrorKind::InvalidRequest, words));
    }
    let parameters = Parameters::parse(&body::read(request, body).await?)?;
    parameters.check_repeats()?;
    Ok(parameters)
}

/// The client that has sent `parameters`.
async fn proven(
    app: &App,
    request: &Request,
    body: &mut RequestBody,
    parameters: &Parameters,
) -> poem::Result<Arc<Client>> {
    let all = |name| parameters.all(name).collect::<Vec<_>>();
    let shown = presented(&Brought {
        authorization: &authorization(request)?,
        ids: &all("client_id"),
        secrets: &all("client_secret"),
        assertion_types: &all("client_assertion_type"),
        assertions: &all("client_assertion"),
    })?;
    match app.clients.recognise(&shown) {
        Some(client) => Ok(client),
        // On the heap: who is recognised has no use for its room.
        None => Box::pin(prove(app, request, body, &shown)).await,
    }
}

async fn prove(app: &App, request: &Request, body: &mut RequestBody, shown: &Credentials) -> poem::Result<Arc<Client>> {
    let caller = <Caller as FromRequest>::from_request(request, body).await?;
    let issuer = app.config.web.issuer();
    let (token, push) = (format!("{issuer}/oauth2/token"), format!("{issuer}{PUSH}"));
    let names = [issuer, token.as_str(), push.as_str()];
    let names = if request.uri().path() == PUSH { &names[..] } else { &names[..2] };
    Ok(app.clients.prove(shown, names, &caller).await?)
}

fn authorization(request: &Request) -> Result<Vec<&str>, Error> {
    let values = request.headers().get_all(AUTHORIZATION).iter();
    values.map(|value| value.to_str().map_err(|_| ErrorKind::InvalidClient.into())).collect()
}
