//! JSON bodies, read strictly (SEC-032, SEC-127, SEC-128).
//!
//! Fields that an endpoint does not know are ignored: the chat's front end may send more than we
//! need. What is not a field of the type can have no effect, so `role` or `id` in a registration
//! do nothing (SEC-110).

mod fields;
mod strict;

use poem::http::header::CONTENT_TYPE;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, FieldProblem, Result};
use crate::web::body;

const MEDIA_TYPE: &str = "application/json";

/// A JSON body that has to be there.
#[derive(Debug)]
pub struct StrictJson<T>(pub T);

/// A JSON body that may be missing; then no content type is asked for.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

/// A request that needs no body. One that comes all the same must be JSON, and is not read: what a
/// form of another site can send changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

impl<'a> FromRequest<'a> for NoBody {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let headers = request.headers();
        let comes = body::is_present(headers) || headers.contains_key(CONTENT_TYPE);
        if comes && !body::is_of_type(headers, MEDIA_TYPE) {
            return Err(not_json().into());
        }
        Ok(Self)
    }
}

/// What whoever sends a body of another type is told.
#[must_use]
pub fn not_json() -> Error {
    Error::new(ErrorKind::UnsupportedMediaType, "Send the body as application/json.")
}

/// Reads `bytes` as a `T`.
///
/// # Errors
/// 400 that names the fields at fault, or says what is wrong with the whole.
pub fn parse<T: ParseFromJSON + 'static>(bytes: &[u8]) -> Result<T> {
    let fields = fields::of::<T>();
    let value = Value::Object(object_of(bytes, &fields)?);
    let problems = fields::problems(&fields, &value);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    T::parse_from_json(Some(value)).map_err(|_| ErrorKind::InvalidRequest.into())
}

/// Reads `bytes` as an object whose members are for somebody else to check; they are those of `T` in
/// the document.
///
/// # Errors
/// 400 that names the field at fault, or says what is wrong with the whole.
pub fn object<T: Type + 'static>(bytes: &[u8]) -> Result<Map<String, Value>> {
    object_of(bytes, &fields::of::<T>())
}

fn object_of(bytes: &[u8], fields: &[fields::Field]) -> Result<Map<String, Value>> {
    let value = strict::parse(bytes).map_err(|fault| {
        let known = fields.iter().find(|field| fault.field.as_deref() == Some(field.name));
        match known {
            Some(field) => Error::invalid(vec![FieldProblem::new(field.name, fault.message)]),
            None => Error::new(ErrorKind::InvalidRequest, fault.message),
        }
    })?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Error::new(ErrorKind::InvalidRequest, "The body must be a JSON object.")),
    }
}

async fn read<T: ParseFromJSON + 'static>(request: &Request, body: &mut RequestBody) -> Result<T> {
    if !body::is_of_type(request.headers(), MEDIA_TYPE) {
        return Err(not_json());
    }
    parse(&body::read(request, body).await?)
}

fn described<T: ParseFromJSON>(required: bool) -> MetaRequest {
    let content = vec![MetaMediaType { content_type: MEDIA_TYPE, schema: T::schema_ref() }];
    MetaRequest { description: None, content, required }
}

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for StrictJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(true))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(read(request, body).await?))
    }
}

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for OptionalJson<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Some(described::<T>(false))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let headers = request.headers();
        let declared = headers.contains_key(CONTENT_TYPE);
        match (body::is_present(headers), declared && !body::is_of_type(headers, MEDIA_TYPE)) {
            (false, false) => Ok(Self(None)),
            _ => Ok(Self(Some(read(request, body).await?))),
        }
    }
}

#[cfg(test)]
mod tests;
