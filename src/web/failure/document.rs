//! Failures in the OpenAPI document.
//!
//! In the generated document an operation that can fail has one `default` response. The contract
//! wants every status listed, all of one operation in one schema: [`list_statuses`] writes them
//! from a table that the endpoints keep.

use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Example, ToJSON, Type};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind};
use crate::web::failure::{OAuthError, Problem};

impl ApiResponse for Error {
    fn meta() -> MetaResponses {
        let problem = MetaMediaType { content_type: PROBLEM, schema: Problem::schema_ref() };
        let oauth = MetaMediaType { content_type: OAUTH, schema: OAuthError::schema_ref() };
        let default = MetaResponse {
            description: "",
            status: None,
            status_range: None,
            content: vec![problem, oauth],
            headers: vec![],
        };
        MetaResponses { responses: vec![default] }
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
        OAuthError::register(registry);
    }
}

const PROBLEM: &str = "application/problem+json";
const OAUTH: &str = "application/json";

/// The one schema of an operation's failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// [`Problem`].
    Problem,
    /// [`OAuthError`].
    OAuth,
}

/// What one operation can refuse.
#[derive(Clone, Copy, Debug)]
pub struct Refusals {
    /// The operation's id.
    pub operation: &'static str,
    /// The schema of all its failures.
    pub schema: Schema,
    /// Its own refusals. Those that come with every operation, or with every body, are added.
    pub kinds: &'static [ErrorKind],
}

const ALWAYS: [ErrorKind; 3] = [ErrorKind::InvalidRequest, ErrorKind::Internal, ErrorKind::Unavailable];
const WITH_BODY: [ErrorKind; 3] =
    [ErrorKind::RequestTimeout, ErrorKind::PayloadTooLarge, ErrorKind::UnsupportedMediaType];

/// Replaces the `default` response of each operation by the statuses of its row in `table`.
///
/// # Errors
/// Names each operation that can fail and has no row, and each row that has no operation.
pub fn list_statuses(document: &mut Value, table: &[Refusals]) -> Result<(), String> {
    let mut missing: Vec<&str> = table.iter().map(|row| row.operation).collect();
    let mut unknown = Vec::new();
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let Some(row) = table.iter().find(|row| row.operation == id) else {
            if operation["responses"].get("default").is_some() {
                unknown.push(id);
            }
            continue;
        };
        missing.retain(|name| *name != id);
        let has_body = operation.get("requestBody").is_some();
        if let Some(responses) = operation["responses"].as_object_mut() {
            responses.remove("default");
            for answer in responses.values_mut().filter(|answer| answer["description"] == "") {
                answer["description"] = json!("Done.");
            }
            responses.extend(statuses(row, has_body));
        }
    }
    if missing.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    Err(format!("operations without a row: {unknown:?}; rows without an operation: {missing:?}"))
}

fn statuses(row: &Refusals, has_body: bool) -> impl Iterator<Item = (String, Value)> {
    let of_body = WITH_BODY.iter().filter(move |_| has_body);
    let mut kinds: Vec<ErrorKind> = row.kinds.iter().chain(&ALWAYS).chain(of_body).copied().collect();
    kinds.sort_by_key(|kind| kind.status());
    let groups: Vec<Vec<ErrorKind>> =
        kinds.chunk_by(|one, other| one.status() == other.status()).map(<[_]>::to_vec).collect();
    let schema = row.schema;
    groups.into_iter().filter_map(move |group| Some((group.first()?.status().to_string(), response(schema, &group)?)))
}

/// One status; the first kind of the group, the operation's own one, is the example.
fn response(schema: Schema, kinds: &[ErrorKind]) -> Option<Value> {
    let first = Error::from(*kinds.first()?);
    let mut words: Vec<&str> = Vec::new();
    for kind in kinds {
        if !words.contains(&kind.default_detail()) {
            words.push(kind.default_detail());
        }
    }
    let (media_type, name, example) = match schema {
        Schema::Problem => (PROBLEM, "Problem", Problem::about(&first).to_json()),
        Schema::OAuth => (OAUTH, "OAuthError", OAuthError::of(&first).to_json()),
    };
    let content =
        json!({ media_type: { "schema": { "$ref": format!("#/components/schemas/{name}") }, "example": example } });
    let mut response = json!({ "description": words.join(" "), "content": content });
    let seconds = json!({ "description": "Seconds after which it is worth trying again.", "schema": { "type": "integer", "minimum": 1 } });
    match first.kind.status() {
        429 | 503 => response["headers"] = json!({ "Retry-After": seconds }),
        401 => {
            let scheme = json!({ "description": "How to authenticate.", "schema": { "type": "string" } });
            response["headers"] = json!({ "WWW-Authenticate": scheme });
        }
        _ => {}
    }
    Some(response)
}

impl Problem {
    fn about(error: &Error) -> Self {
        if error.kind == ErrorKind::InvalidInput { Self::example() } else { Self::sample(error) }
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::payload::Json;
    use poem_openapi::{OpenApi, OpenApiService};

    use super::*;
    use crate::error::Result;
    use crate::web::json::StrictJson;

    struct Api;

    #[OpenApi]
    impl Api {
        #[oai(path = "/letters", method = "post", operation_id = "sendLetter")]
        async fn send(&self, letter: StrictJson<OAuthError>) -> Result<Json<OAuthError>> {
            Ok(Json(letter.0))
        }

        #[oai(path = "/letters", method = "get", operation_id = "getLetter")]
        async fn get(&self) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_status_is_listed_in_one_schema() {
        let spec = OpenApiService::new(Api, "Letters", "1").spec();
        let mut document: Value = serde_json::from_str(&spec).expect("is JSON");
        let own = [ErrorKind::InvalidInput, ErrorKind::TooManyRequests].as_slice();
        let table = [
            Refusals { operation: "sendLetter", schema: Schema::Problem, kinds: own },
            Refusals { operation: "getLetter", schema: Schema::OAuth, kinds: &[ErrorKind::Unauthenticated] },
        ];
        list_statuses(&mut document, &table).expect("is complete");
        let path = &document["paths"]["/letters"];
        let responses = &path["post"]["responses"];
        let statuses: Vec<_> = responses.as_object().expect("an object").keys().collect();
        assert_eq!(statuses, ["200", "400", "408", "413", "415", "429", "500", "503"]);
        assert_eq!(responses["429"]["content"][PROBLEM]["schema"]["$ref"], "#/components/schemas/Problem");
        assert_eq!(responses["200"]["description"], "Done.");
        assert_eq!(responses["429"]["headers"]["Retry-After"]["schema"]["type"], "integer");
        assert_eq!(responses["400"]["content"][PROBLEM]["example"]["errors"][0]["field"], "email");
        let oauth = &path["get"]["responses"]["401"]["content"][OAUTH]["schema"]["$ref"];
        assert_eq!(oauth, "#/components/schemas/OAuthError");
        let body = &path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(body, "#/components/schemas/OAuthError");

        let mut again = serde_json::from_str(&spec).expect("is JSON");
        let error = list_statuses(&mut again, &table[..1]).expect_err("a row is missing");
        assert!(error.contains("getLetter"), "{error}");
    }
}
