//! The OpenAPI document: generated from the handlers, completed with every status they can give.

use std::sync::LazyLock;

use poem_openapi::{OpenApiService, Tags as OpenApiTags};
use serde_json::Value;

use super::{oidc, session_api};
use crate::error::ErrorKind as Kind;
use crate::web::failure::document::{Refusals, Schema, list_statuses};

/// The chapters of the document.
#[derive(Clone, Copy, Debug, OpenApiTags)]
pub enum Tags {
    /// What a chat's front end speaks, by the paths and bodies of LibreChat's client.
    #[oai(rename = "Session API")]
    Session,
    /// What the specifications of OAuth 2.0 define.
    #[oai(rename = "OAuth 2.0")]
    OAuth,
}

/// What each operation can refuse.
const REFUSALS: &[Refusals] = &[
    problem("register", &[Kind::InvalidInput, Kind::RegistrationOff, Kind::Forbidden, Kind::TooManyRequests]),
    problem(
        "login",
        &[
            Kind::InvalidInput,
            Kind::WrongCredentials,
            Kind::Banned,
            Kind::Disabled,
            Kind::PasswordLoginOff,
            Kind::Unverified,
            Kind::TooManyRequests,
        ],
    ),
    problem("refresh", &[Kind::Unauthenticated, Kind::Forbidden, Kind::TooManyRequests]),
    problem("logout", &[Kind::Forbidden]),
    problem("getUser", &[Kind::Unauthenticated]),
    problem("getConfig", &[]),
    Refusals { operation: "introspect", schema: Schema::OAuth, kinds: &[Kind::InvalidRequest, Kind::InvalidClient] },
];

const fn problem(operation: &'static str, kinds: &'static [Kind]) -> Refusals {
    Refusals { operation, schema: Schema::Problem, kinds }
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
});

/// The document as text, ready to be served or committed.
#[must_use]
pub fn text() -> &'static str {
    &TEXT
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let service = OpenApiService::new((session_api::Api, oidc::Api), "Postern", env!("CARGO_PKG_VERSION"))
        .description("A self-hosted identity sidecar for chat apps.");
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    if let Err(gap) = list_statuses(&mut document, REFUSALS) {
        tracing::error!(gap, "the OpenAPI document is incomplete");
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_lists_what_it_can_refuse() {
        let service = OpenApiService::new((session_api::Api, oidc::Api), "Postern", "0");
        let mut document: Value = serde_json::from_str(&service.spec()).unwrap();
        list_statuses(&mut document, REFUSALS).unwrap();
        assert!(!document.to_string().contains("\"default\":{\"description\""));
    }
}
