//! The picture on the button of a provider.

use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::web::Path;
use poem::{Response, handler};

use crate::app::App;
use crate::error::{ErrorKind, Result};

/// `GET /login/image/ID`
#[handler]
pub(crate) async fn show(Path(id): Path<String>, app: App) -> Result<Response> {
    let connector = app.connectors.named(&id).ok_or(ErrorKind::NotFound)?;
    let image = app.connectors.image(connector).await.ok_or(ErrorKind::NotFound)?;
    let answer = Response::builder().header(CONTENT_TYPE, image.media_type);
    Ok(answer.header(CACHE_CONTROL, "public, max-age=3600").body(image.bytes))
}
