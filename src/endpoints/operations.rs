//! Whether the process lives, whether it is ready, what it can do, how it fares.

mod explorer;

use poem::http::{StatusCode, header};
use poem::web::Html;
use poem::{IntoResponse, Response, handler};

use crate::app::App;
use crate::error::{Error, Result};
use crate::web::Web;
use crate::web::surface::Quiet;

/// `GET /healthz`: the process lives.
#[handler]
pub fn healthz() -> Response {
    text("ok\n")
}

/// `GET /readyz`: the database answers; 503 names what does not.
#[handler]
pub async fn readyz(app: App) -> Response {
    match app.database.ping().await {
        Ok(()) => text("ready\n"),
        Err(error) => {
            tracing::warn!(?error, "not ready");
            let mut response = text("the database does not answer\n");
            response.set_status(StatusCode::SERVICE_UNAVAILABLE);
            response
        }
    }
}

/// `GET /openapi.json`: the document, as it is committed.
#[handler]
pub fn openapi() -> Response {
    let mut response = super::document::text().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// `GET /docs`: the document as a page.
#[handler]
pub async fn docs(web: Web) -> Result<Response> {
    let links = explorer::Links { style: "docs/explorer.css", document: "openapi.json", server: web.settings.issuer() };
    Ok(Html(explorer::page(&super::document::document(), links)?).into_response())
}

/// `GET /docs/explorer.css`: how that page looks.
#[handler]
pub fn docs_style() -> Response {
    let mut response = explorer::STYLE.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("public, max-age=3600"));
    response
}

/// `GET /metrics`, on a listener of its own: figures for Prometheus.
#[handler]
pub fn metrics(app: App) -> Result<Response> {
    let counts = app.hasher.counts();
    app.metrics.hashing(counts.begun, counts.queued, counts.refused);
    let text = app.metrics.print().map_err(Error::internal)?;
    let mut response = text.into_response();
    let media_type = header::HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

fn text(words: &'static str) -> Response {
    let mut response = words.into_response();
    response.set_data(Quiet);
    response
}
