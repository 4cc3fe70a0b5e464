//! A person's own account, as pages.

pub mod apps;
pub mod connections;
pub mod picture;
pub mod registration;
pub mod security;
pub mod sessions;
pub mod settings;

use poem::{Response, handler};
use serde::Deserialize;

use crate::error::Result;
use crate::web::visitor::Visitor;

/// What a page is told by the redirect after a form: that it was done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// `GET /`
#[handler]
pub(crate) async fn home(visitor: Visitor) -> Result<Response> {
    visitor.lead_to(if visitor.live.is_some() { "/account" } else { "/login" })
}
