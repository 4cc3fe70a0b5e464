//! The picture of a person, for whoever knows its address: it stands in claims, and chats fetch it.

use poem::http::HeaderName;
use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::web::Path;
use poem::{Response, handler};

use crate::app::App;
use crate::error::{ErrorKind, Result};

/// Another picture has another address; one that is gone is gone from browsers within the hour, and no cache
/// between keeps it.
const CACHE: &str = "private, max-age=3600";
/// A chat shows it on pages of its own.
const SHOWN_BY: (HeaderName, &str) = (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");

/// `GET /pictures/ID`
#[handler]
pub(crate) async fn show(Path(id): Path<String>, app: App) -> Result<Response> {
    let image = app.users.picture(&id).await?.ok_or(ErrorKind::NotFound)?;
    let (policy, anybody) = SHOWN_BY;
    let answer = Response::builder().header(CONTENT_TYPE, image.media_type).header(CACHE_CONTROL, CACHE);
    Ok(answer.header(policy, anybody).body(image.bytes))
}
