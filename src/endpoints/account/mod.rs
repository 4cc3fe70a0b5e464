//! A person's own account, as pages.

pub mod registration;
pub mod security;
pub mod sessions;
pub mod settings;
