//! What Postern answers. Endpoints never import each other: what two share is a verb of a service.

pub mod document;
pub mod oidc;
pub mod operations;
pub mod session_api;
