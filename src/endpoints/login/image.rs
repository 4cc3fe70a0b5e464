//! The picture on the button of a provider.

use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use poem::web::Path;
use poem::{Response, handler};

use crate::app::App;
use crate::error::{ErrorKind, Result};

/// Who may show it (Fetch, cross-origin resource policy).
const SHOWN_BY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// `GET /login/image/ID`
#[handler]
pub(crate) async fn show(Path(id): Path<String>, app: App) -> Result<Response> {
    let connector = app.connectors.named(&id).ok_or(ErrorKind::NotFound)?;
    let image = app.connectors.image(connector).await.ok_or(ErrorKind::NotFound)?;
    let answer = Response::builder().header(CONTENT_TYPE, image.media_type);
    // The chat's sign-in page, which may be of another origin, has the same button.
    let answer = answer.header(SHOWN_BY, "cross-origin").header(CACHE_CONTROL, "public, max-age=3600");
    Ok(answer.body(image.bytes))
}
