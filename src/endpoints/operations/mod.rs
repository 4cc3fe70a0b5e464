//! Whether the process lives, whether it is ready, what it can do, how it fares.

pub mod docs;

use poem::http::{StatusCode, header};
use poem::web::Html;
use poem::{IntoResponse, Response, handler};

use crate::app::App;
use crate::error::{Error, Result};
use crate::web::surface::Quiet;

/// `GET /healthz`: the process lives.
#[handler]
pub(crate) fn healthz() -> Response {
    text("ok\n")
}

/// `GET /readyz`: the database answers and the signing keys are loaded; 503 names what does not.
#[handler]
pub(crate) async fn readyz(app: App) -> Response {
    if let Err(error) = app.database.ping().await {
        return not_ready(&error, "the database does not answer\n");
    }
    match app.keys.jwks().await {
        Ok(_) => text("ready\n"),
        Err(error) => not_ready(&error, "the signing keys cannot be loaded\n"),
    }
}

fn not_ready(error: &Error, words: &'static str) -> Response {
    tracing::warn!(?error, "not ready");
    let mut response = text(words);
    response.set_status(StatusCode::SERVICE_UNAVAILABLE);
    response
}

/// `GET /openapi.json`: the document, as it is committed.
#[handler]
pub(crate) fn openapi() -> Response {
    let mut response = super::document::text().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// `GET /docs`: the document explained, on a page that loads nothing from elsewhere. It is drawn
/// once: nobody pays for it again, however often a stranger asks.
#[handler]
pub(crate) fn explorer(app: App) -> Result<Response> {
    if let Some(page) = app.explorer.get() {
        return Ok(Html(page.clone()).into_response());
    }
    let (base, issuer) = (app.config.web.base_path(), app.config.web.issuer());
    let (style, document) = (format!("{base}/docs/docs.css"), format!("{base}/openapi.json"));
    let links = docs::Links { style: &style, document: &document, server: issuer };
    let page = docs::page(super::document::document(), links)?;
    Ok(Html(app.explorer.get_or_init(|| page).clone()).into_response())
}

/// `GET /docs/docs.css`: the stylesheet of that page.
#[handler]
pub(crate) fn explorer_style() -> Response {
    let mut response = docs::STYLE.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/css; charset=utf-8"));
    response
}

/// `GET /metrics`, on a listener of its own: figures for Prometheus.
#[handler]
pub(crate) fn metrics(app: App) -> Result<Response> {
    let counts = app.hasher.counts();
    app.metrics.hashing(counts.begun, u64::try_from(counts.waiting).unwrap_or(u64::MAX), counts.refused);
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
