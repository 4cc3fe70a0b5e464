//! The OpenAPI document: generated from the handlers, completed with every status they can give.

use std::sync::LazyLock;

use poem_openapi::{LicenseObject, OpenApiService, Tags as OpenApiTags};
use serde_json::{Map, Value};

use super::{by_hand, oidc, session_api};
use crate::error::ErrorKind as Kind;
use crate::web::failure::document::{Refusals, Schema, list_statuses};

/// The chapters of the document.
#[derive(Clone, Copy, Debug, OpenApiTags)]
pub enum Tags {
    /// What a chat's front end speaks, by the paths and bodies of LibreChat's client.
    #[oai(rename = "Session API")]
    Session,
    /// What the specifications of OAuth 2.0 define.
    #[oai(rename = "OAuth")]
    OAuth,
}

/// What each operation can refuse.
///
/// The contract lets every row of the session API answer 429, and `login` 422, although today only
/// `register` and `login` are limited and nobody has to confirm an address first: clients that are
/// generated now must not stumble when that changes.
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
    problem("logout", &[Kind::Forbidden, Kind::UnsupportedMediaType, Kind::TooManyRequests]),
    problem("getUser", &[Kind::Unauthenticated, Kind::TooManyRequests]),
    problem("getConfig", &[Kind::TooManyRequests]),
    problem("discover", &[]),
    problem("discoverOAuth", &[]),
    problem("getKeys", &[]),
    oauth("introspect", &[Kind::InvalidClient, Kind::InvalidToken, Kind::TooManyRequests]),
    oauth(
        "token",
        &[
            Kind::InvalidClient,
            Kind::InvalidGrant,
            Kind::AuthorizationPending,
            Kind::SlowDown,
            Kind::AccessDenied,
            Kind::ExpiredToken,
            Kind::TooManyRequests,
        ],
    ),
    oauth("authorizeDevice", &[Kind::InvalidClient, Kind::TooManyRequests]),
    oauth("pushAuthorizationRequest", &[Kind::InvalidClient, Kind::TooManyRequests]),
    oauth("revoke", &[Kind::InvalidClient, Kind::TooManyRequests]),
    oauth("userinfo", &[Kind::InvalidToken, Kind::InsufficientScope]),
    oauth("postUserinfo", &[Kind::InvalidToken, Kind::InsufficientScope]),
    oauth("registerClient", OF_METADATA),
    oauth("getRegistration", &[Kind::InvalidToken, Kind::NotFound, Kind::TooManyRequests]),
    oauth("replaceRegistration", OF_CHANGE),
    oauth("removeRegistration", &[Kind::InvalidToken, Kind::NotFound, Kind::TooManyRequests]),
];

/// Of what a client says of itself, and of the token that it shows for it.
const OF_METADATA: &[Kind] = &[
    Kind::InvalidRedirectUri,
    Kind::InvalidClientMetadata,
    Kind::UnapprovedSoftwareStatement,
    Kind::InvalidToken,
    Kind::NotFound,
    Kind::TooManyRequests,
];

/// The same, of a client that may be changed by somebody else at that moment.
const OF_CHANGE: &[Kind] = &[
    Kind::InvalidRedirectUri,
    Kind::InvalidClientMetadata,
    Kind::UnapprovedSoftwareStatement,
    Kind::InvalidToken,
    Kind::NotFound,
    Kind::Conflict,
    Kind::TooManyRequests,
];

const fn oauth(operation: &'static str, kinds: &'static [Kind]) -> Refusals {
    Refusals { operation, schema: Schema::OAuth, kinds }
}

const fn problem(operation: &'static str, kinds: &'static [Kind]) -> Refusals {
    Refusals { operation, schema: Schema::Problem, kinds }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(generate);
static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = serde_json::to_string_pretty(document()).unwrap_or_default();
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
pub fn document() -> &'static Value {
    &DOCUMENT
}

fn generate() -> Value {
    let service =
        OpenApiService::new((session_api::Api, oidc::API, oidc::RegistrationApi), "Postern", env!("CARGO_PKG_VERSION"))
            .description("A self-hosted identity sidecar for chat apps.")
            .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
            // Relative to where the document was read, so that it holds below any base path.
            .server(".");
    let mut document: Value = serde_json::from_str(&service.spec()).unwrap_or_default();
    by_hand::add(&mut document);
    if let Err(gap) = list_statuses(&mut document, REFUSALS) {
        tracing::error!(gap, "the OpenAPI document is incomplete");
    }
    drop_nulls(&mut document);
    drop_second_ids(&mut document["components"]["schemas"]);
    mark_public(&mut document);
    document
}

/// Leaves `_id` out beside `id`: generators of clients make one name of the two, twice.
fn drop_second_ids(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        for part in ["properties", "example"] {
            if let Some(members) = schema.get_mut(part).and_then(Value::as_object_mut) {
                members.remove("_id");
            }
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "_id");
        }
    }
}

/// Says of each operation that asks for no credentials that it does so on purpose.
fn mark_public(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        if operation.get("security").is_none() {
            operation["security"] = Value::Array(Vec::new());
        }
    }
}

/// Leaves out what an example does not have: the generator writes `null` there, which is none of
/// the field's types. Where `null` is what a field defaults to, it is said to be one.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("default").is_some_and(Value::is_null) {
                // OpenAPI 3.0 lets only a schema with a type be null; what refers to another one has none.
                if members.contains_key("allOf") {
                    members.insert("type".to_owned(), "object".into());
                }
                if members.contains_key("type") {
                    members.insert("nullable".to_owned(), Value::Bool(true));
                }
            }
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_lists_what_it_can_refuse() {
        let service = OpenApiService::new((session_api::Api, oidc::API, oidc::RegistrationApi), "Postern", "0");
        let mut document: Value = serde_json::from_str(&service.spec()).unwrap();
        by_hand::add(&mut document);
        list_statuses(&mut document, REFUSALS).unwrap();
        assert!(!document.to_string().contains("\"default\":{\"description\""));
    }

    /// The answer of `operation` with each of these statuses.
    fn lists(operation: &Value, statuses: &[&str]) {
        for status in statuses {
            assert!(operation["responses"].get(*status).is_some(), "{status}: {operation}");
        }
    }

    #[test]
    fn whatever_is_sent_may_be_late_or_large_or_of_another_type() {
        let paths = document()["paths"].as_object().unwrap().values();
        for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
            lists(operation, &["400", "500", "503"]);
            if operation.get("requestBody").is_some() {
                lists(operation, &["408", "413", "415"]);
            }
        }
        for path in ["token", "introspect", "revoke", "par", "device_authorization"] {
            lists(&document()["paths"][format!("/oauth2/{path}")]["post"], &["401", "429"]);
        }
    }

    #[test]
    fn every_form_of_a_client_says_how_it_proves_itself() {
        for path in ["token", "introspect", "revoke", "par", "device_authorization"] {
            let body = &document()["paths"][format!("/oauth2/{path}")]["post"]["requestBody"]["content"];
            let schema = body["application/x-www-form-urlencoded"]["schema"]["$ref"].as_str().unwrap();
            let form = &document()["components"]["schemas"][schema.rsplit('/').next().unwrap()];
            for name in ["client_id", "client_secret", "client_assertion", "client_assertion_type"] {
                assert_eq!(form["properties"][name]["type"], "string", "{path}: {name}");
            }
        }
        let body = &document()["paths"]["/oauth2/userinfo"]["post"]["requestBody"]["content"];
        assert!(body.get("application/x-www-form-urlencoded").is_some());
    }
}
