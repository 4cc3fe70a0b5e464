//! A person's own account, as pages.

pub mod registration;
pub mod security;
pub mod sessions;
pub mod settings;

use serde::Deserialize;

/// What a page is told by the redirect after a form: that it was done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}
