//! What a registration brings: a token in its header, and metadata.

use std::marker::PhantomData;

use poem::http::header::AUTHORIZATION;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSecurityScheme, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::services::registration::refusal;
use crate::web::{body, json};

const INITIAL: &str = "initialAccessToken";
const MANAGEMENT: &str = "registrationAccessToken";
const MEDIA_TYPE: &str = "application/json";

/// What lets a client register itself; it may lack.
pub(super) struct InitialAccess(pub(super) Option<SecretString>);

/// What a client looks after its registration with.
pub(super) struct Management(pub(super) SecretString);

/// Metadata as it came: an object of which one reading exists, its members not looked at yet. They are
/// those of `T` in the document.
pub(super) struct Body<T>(pub(super) Map<String, Value>, PhantomData<T>);

/// The token of the `Authorization` header (RFC 6750 section 2.1); none where there is no header.
fn bearer(request: &Request) -> Result<Option<SecretString>> {
    let mut lines = request.headers().get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let token = line.to_str().ok().and_then(|line| line.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer") && lines.next().is_none());
    token.map(|(_, token)| Some(token.trim().into())).ok_or_else(|| ErrorKind::InvalidToken.into())
}

fn register(registry: &mut Registry, name: &'static str, description: &'static str) {
    let scheme = MetaSecurityScheme {
        ty: "http",
        description: Some(description),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    registry.create_security_scheme(name, scheme);
}

impl<'a> ApiExtractor<'a> for InitialAccess {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register(registry, INITIAL, "A token of `postern client registration-token`.");
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![INITIAL]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(bearer(request)?))
    }
}

impl<'a> ApiExtractor<'a> for Management {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register(registry, MANAGEMENT, "The registration_access_token of the client.");
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![MANAGEMENT]
    }

    async fn from_request(request: &'a Request, _: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        Ok(Self(bearer(request)?.ok_or_else(|| Error::from(ErrorKind::Unauthenticated))?))
    }
}

impl<'a, T: Type + 'static> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
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
        if !body::is_of_type(request.headers(), MEDIA_TYPE) {
            return Err(json::not_json().into());
        }
        let document = json::object::<T>(&body::read(request, body).await?);
        let named = |error: Error| if error.fields.is_empty() { error } else { refusal(error.fields) };
        Ok(Self(document.map_err(named)?, PhantomData))
    }
}
