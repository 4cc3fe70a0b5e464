//! Token introspection (RFC 7662): what the chat backend calls on every request.
//!
//! The answer to a token is printed once and kept with the token in the cache of
//! [`inspect`](crate::services::tokens::Tokens::inspect). A caller that wants it signed (RFC 9701)
//! gets the same members in a JWT.

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Example, ToJSON, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use serde_json::{Value, json};

use super::inquiry::Inquiry;
use super::introspection::Introspection;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::clients::{Client, Introspect};
use crate::services::tokens::LiveToken;

/// The path of introspection below the base path.
pub const INTROSPECT: &str = "/oauth2/introspect";

/// The media type of a signed answer, and its `typ` (RFC 9701 section 5).
const JWT: &str = "application/token-introspection+jwt";
const TYP: &str = "token-introspection+jwt";

/// A token to be inspected.
#[derive(Object, Deserialize)]
#[oai(example)]
struct IntrospectionRequest {
    /// The token.
    #[serde(default)]
    token: String,
    /// What the caller takes it for; not needed.
    token_type_hint: Option<String>,
}

impl Example for IntrospectionRequest {
    fn example() -> Self {
        Self { token: "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl".into(), token_type_hint: None }
    }
}

/// An answer on its way: a printed [`Introspection`], or a JWT that holds one.
enum Printed {
    Json(Bytes),
    Jwt(String),
}

/// Says nothing of why: expired, revoked, malformed and foreign tokens look alike (SEC-082).
const INACTIVE: Bytes = Bytes::from_static(br#"{"active":false}"#);

impl IntoResponse for Printed {
    fn into_response(self) -> Response {
        let (mut response, media_type) = match self {
            Self::Json(printed) => (Response::builder().body(printed), "application/json"),
            Self::Jwt(signed) => (Response::builder().body(signed), JWT),
        };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }
}

impl ApiResponse for Printed {
    fn meta() -> MetaResponses {
        // The signed form stands in words alone: beside a second type of answer, generators of clients
        // give up the fields of the first.
        let content = vec![MetaMediaType { content_type: "application/json", schema: Introspection::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        Introspection::register(registry);
    }
}

/// Asking about tokens.
#[derive(Clone, Copy, Debug)]
pub struct IntrospectApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl IntrospectApi {
    /// Inspect a token
    ///
    /// Says whether a token is alive, and whose it is. Called by a confidential client with the right to introspect,
    /// on every request that it serves. With `Accept: application/token-introspection+jwt` the answer is signed.
    #[oai(path = "/oauth2/introspect", method = "post", operation_id = "introspect")]
    async fn introspect(&self, app: App, request: &Request, call: Inquiry<IntrospectionRequest>) -> Result<Printed> {
        if call.client.metadata.introspect.is_none() {
            return Err(Error::new(ErrorKind::InvalidClient, "This client has no right to introspect."));
        }
        if call.form.token.is_empty() {
            return Err(Error::new(ErrorKind::InvalidRequest, "The parameter token is missing."));
        }
        let answer = match app.tokens.inspect(&call.form.token).await? {
            Some(live) if may_see(&call.client, &live) => print(&app, &call.client, &live),
            _ => INACTIVE,
        };
        match wants_jwt(request.headers()) {
            false => Ok(Printed::Json(answer)),
            // On the heap: signing is rare here and its future large.
            true => Box::pin(sign(&app, &call.client, &answer)).await,
        }
    }
}

/// The same operation without the routers and wrappers of a described one: a chat backend calls it
/// on every request, and they would cost more than all that it does.
#[derive(Clone, Debug)]
pub struct Direct(pub App);

impl Endpoint for Direct {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let (request, mut body) = request.split();
        let call = Inquiry::read(&self.0, &request, &mut body).await?;
        Ok(IntrospectApi.introspect(self.0.clone(), &request, call).await?.into_response())
    }
}

/// A caller sees its own tokens and those meant for it, or all (SEC-083). Session tokens belong to
/// no client, so only a caller with the right to all sees them.
fn may_see(client: &Client, token: &LiveToken) -> bool {
    let is_its_own = token.client.as_ref() == Some(&client.id) || token.is_for(client.id.as_str());
    client.introspect == Some(Introspect::All) || is_its_own
}

fn print(app: &App, client: &Client, token: &LiveToken) -> Bytes {
    let all = client.introspect == Some(Introspect::All);
    let printed = if all { &token.printed } else { &token.printed_by_scope };
    let print = || Introspection::of(token, app.config.web.issuer(), all).to_json_string().into();
    printed.get_or_init(print).clone()
}

/// The same answer, for this caller alone and signed by the algorithm that it registered (RFC 9701
/// section 5).
async fn sign(app: &App, client: &Client, answer: &Bytes) -> Result<Printed> {
    let members: Value = serde_json::from_slice(answer).map_err(Error::internal)?;
    let claims = json!({
        "iss": app.config.web.issuer(),
        "aud": client.id.as_str(),
        "iat": app.clock.now().seconds(),
        "token_introspection": members,
    });
    app.keys.sign(client.introspection_signed_response_alg, TYP, &claims).await.map(Printed::Jwt)
}

/// Whether the caller names the media type of a signed answer. Those that take anything, or JSON,
/// are told from the others without a parse.
fn wants_jwt(headers: &HeaderMap) -> bool {
    let is_plain = |value: &&HeaderValue| matches!(value.as_bytes(), b"*/*" | b"application/json");
    headers.get_all(header::ACCEPT).iter().filter(|value| !is_plain(value)).any(|value| names_jwt(value.as_bytes()))
}

/// Whether an `Accept` header holds the type by its full name, and not as one that is refused
/// (`q=0`, RFC 9110 section 12.4.2).
fn names_jwt(accept: &[u8]) -> bool {
    accept.split(|byte| *byte == b',').any(|entry| {
        let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let is_it = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(JWT.as_bytes()));
        let is_refused = |part: &[u8]| {
            let weight = part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q="));
            weight.is_some_and(|weight| !weight.iter().any(|digit| matches!(digit, b'1'..=b'9')))
        };
        is_it && !parts.any(is_refused)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_names_the_type_gets_it() {
        let wants = |accept: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in accept {
                headers.append(header::ACCEPT, HeaderValue::from_static(line));
            }
            wants_jwt(&headers)
        };
        for accept in [
            [JWT].as_slice(),
            &["Application/Token-Introspection+JWT"],
            &["application/json;q=0.5, application/token-introspection+jwt;q=0.9"],
            &["application/json", "application/token-introspection+jwt ; v=1"],
        ] {
            assert!(wants(accept), "{accept:?}");
        }
        for accept in [
            [].as_slice(),
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/jwt"],
            &["application/token-introspection"],
            &["application/token-introspection+jwtx"],
            &["application/token-introspection+jwt;q=0"],
            &["application/token-introspection+jwt; q=0.0, application/json"],
        ] {
            assert!(!wants(accept), "{accept:?}");
        }
    }
}
