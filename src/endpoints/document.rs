//! The OpenAPI document.

use poem_openapi::Tags as OpenApiTags;

/// The chapters of the document.
#[derive(Clone, Copy, Debug, OpenApiTags)]
pub enum Tags {
    /// What a chat's front end speaks.
    #[oai(rename = "Session API")]
    Session,
    /// What the specifications of OAuth 2.0 define.
    #[oai(rename = "OAuth 2.0")]
    OAuth,
}
