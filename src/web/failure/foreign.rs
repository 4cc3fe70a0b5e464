//! What poem refuses by itself, as one of our kinds.
//!
//! Its own words are for developers and quote what was sent, passwords included: none is passed on.

use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::StatusCode;
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};

use crate::error::{Error, ErrorKind, FieldProblem};

pub(super) fn ours(error: poem::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(error) => return error,
        Err(error) => error,
    };
    if error.is::<NotFoundError>() {
        return ErrorKind::NotFound.into();
    }
    if error.is::<MethodNotAllowedError>() {
        return ErrorKind::MethodNotAllowed.into();
    }
    if error.is::<ContentTypeError>() {
        return ErrorKind::UnsupportedMediaType.into();
    }
    let parameter = error.downcast_ref::<ParseParamError>().map(|parameter| parameter.name);
    let parameter = parameter.or(error.downcast_ref::<ParsePathError>().map(|parameter| parameter.name));
    if let Some(name) = parameter {
        return Error::invalid(vec![FieldProblem::new(name, "This parameter is missing or cannot be read.")]);
    }
    by_status(error)
}

fn by_status(error: poem::Error) -> Error {
    let kind = match error.status() {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorKind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorKind::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorKind::UnsupportedMediaType,
        status if status.is_client_error() => ErrorKind::InvalidRequest,
        _ => return Error::internal(error),
    };
    kind.into()
}
