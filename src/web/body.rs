//! Reading a request's body within its limits (SEC-127).

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited, combinators::BoxBody};
use poem::http::HeaderMap;
use poem::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use poem::{Request, RequestBody};

use crate::error::{Error, ErrorKind, Result};
use crate::web::{Context, Web};

/// The whole body.
///
/// # Errors
/// 413 over `POSTERN_MAX_BODY` (by its announced length before anything is read), 415 when it is
/// compressed, 408 when it has not arrived by the request's deadline, 400 when it breaks off.
pub async fn read(request: &Request, body: &mut RequestBody) -> Result<Bytes> {
    let limit = Web::of(request)?.settings.max_body;
    if is_compressed(request.headers()) {
        return Err(Error::new(ErrorKind::UnsupportedMediaType, "Send the body uncompressed."));
    }
    if announced_length(request.headers()).is_some_and(|length| length > limit) {
        return Err(ErrorKind::PayloadTooLarge.into());
    }
    let stream = BoxBody::from(body.take().map_err(Error::internal)?);
    let whole = Limited::new(stream, limit).collect();
    let whole = match request.data::<Context>() {
        Some(context) => tokio::time::timeout_at(context.deadline, whole).await,
        None => Ok(whole.await),
    };
    match whole {
        Ok(Ok(bytes)) => Ok(bytes.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ErrorKind::PayloadTooLarge.into()),
        Ok(Err(error)) => Err(Error::from(ErrorKind::InvalidRequest).because(error)),
        Err(_) => Err(ErrorKind::RequestTimeout.into()),
    }
}

/// Whether a body comes with the request. One of length 0 counts as none.
#[must_use]
pub fn is_present(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || announced_length(headers).is_some_and(|length| length > 0)
}

/// Whether the body is of `media_type`; parameters such as `charset=utf-8` do not matter.
#[must_use]
pub fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let essence = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
