//! Stylesheet, script, icon and logo of the pages.

use poem::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use poem::web::Path;
use poem::{Response, handler};

use crate::error::{ErrorKind, Result};
use crate::web::{Web, assets::CACHE};

/// `GET /assets/:name`
#[handler]
pub(crate) async fn show(web: Web, name: Path<String>) -> Result<Response> {
    let asset = web.pages.asset(&name.0).ok_or(ErrorKind::NotFound)?;
    let answer = Response::builder().header(CONTENT_TYPE, asset.media_type).header(CACHE_CONTROL, CACHE);
    Ok(answer.body(asset.bytes.to_vec()))
}
