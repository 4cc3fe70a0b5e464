//! Token introspection (RFC 7662): what the chat backend calls on every request.
//!
//! The answer to a token is printed once and kept with the token in the cache of
//! [`inspect`](crate::services::tokens::Tokens::inspect).

use bytes::Bytes;
use poem::http::{HeaderValue, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Example, ToJSON, Type};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;

use super::client_form::ClientForm;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::clients::{Client, Introspect};
use crate::services::tokens::LiveToken;

/// The path of introspection below the base path.
pub const INTROSPECT: &str = "/oauth2/introspect";

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

/// What is known of a token. One that is not alive has `active` and nothing else.
#[derive(Debug, Default, Object)]
#[oai(skip_serializing_if_is_none, example)]
struct Introspection {
    /// Whether the token is alive.
    active: bool,
    /// Whose it is: the stable id.
    sub: Option<String>,
    /// The scopes, by blanks.
    scope: Option<String>,
    /// The client that it was made for.
    client_id: Option<String>,
    /// The person's user name.
    username: Option<String>,
    /// How it is used.
    token_type: Option<String>,
    /// When it ends, in seconds of Unix time.
    exp: Option<i64>,
    /// When it was made, in seconds of Unix time.
    iat: Option<i64>,
    /// From when on it is good, in seconds of Unix time.
    nbf: Option<i64>,
    /// Who made it.
    iss: Option<String>,
    /// Whom it is meant for.
    aud: Option<String>,
    /// Its own id.
    jti: Option<String>,
    /// The session that it belongs to.
    sid: Option<String>,
    /// When the person signed in, in seconds of Unix time.
    auth_time: Option<i64>,
    /// The class of that sign-in.
    acr: Option<String>,
    /// The methods of that sign-in (RFC 8176).
    amr: Option<Vec<String>>,
    /// The person's e-mail address.
    email: Option<String>,
    /// Whether the address is known to be the person's.
    email_verified: Option<bool>,
    /// The name that others see.
    name: Option<String>,
    /// Address of the person's picture.
    picture: Option<String>,
    /// The person's roles.
    roles: Option<Vec<String>>,
    /// The person's groups.
    groups: Option<Vec<String>>,
    /// The way in that the session began with.
    provider: Option<String>,
}

impl Introspection {
    fn of(token: &LiveToken, issuer: &str) -> Self {
        let (user, session) = (&token.live.user, &token.live.session);
        let text = |text: &str| Some(text.to_owned());
        Self {
            active: true,
            sub: Some(user.id.to_string()),
            username: text(&user.username),
            token_type: text("Bearer"),
            exp: Some(token.expires_at.seconds()),
            iat: Some(token.issued_at.seconds()),
            nbf: Some(token.issued_at.seconds()),
            iss: text(issuer),
            sid: Some(session.id.to_string()),
            auth_time: Some(session.created_at.seconds()),
            amr: Some(session.amr.as_slice().to_vec()),
            email: text(&user.email),
            email_verified: Some(user.email_verified),
            name: text(&user.name),
            picture: user.picture.clone(),
            roles: Some(user.roles.as_slice().to_vec()),
            groups: Some(user.groups.as_slice().to_vec()),
            provider: text(&session.provider),
            ..Self::default()
        }
    }
}

impl Example for Introspection {
    fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            active: true,
            sub: text("5f1d7f3c9a0b4e2d8c6a1b3f"),
            username: text("maren.olsen"),
            token_type: text("Bearer"),
            exp: Some(1_772_375_700),
            iat: Some(1_772_374_800),
            nbf: Some(1_772_374_800),
            iss: text("https://auth.example.com"),
            sid: text("7f8a1c1e-2f54-4f0e-8f16-0d5f3a3d9b11"),
            auth_time: Some(1_772_374_800),
            amr: Some(vec!["pwd".into()]),
            email: text("maren@example.com"),
            email_verified: Some(true),
            name: text("Maren Olsen"),
            roles: Some(vec!["user".into()]),
            groups: Some(Vec::new()),
            provider: text("local"),
            ..Self::default()
        }
    }
}

/// A printed [`Introspection`].
struct Printed(Bytes);

impl Printed {
    /// Says nothing of why: expired, revoked, malformed and foreign tokens look alike (SEC-082).
    const INACTIVE: Self = Self(Bytes::from_static(br#"{"active":false}"#));
}

impl IntoResponse for Printed {
    fn into_response(self) -> Response {
        let mut response = Response::builder().body(self.0);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

impl ApiResponse for Printed {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: "application/json", schema: Introspection::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        Introspection::register(registry);
    }
}

/// The specification's endpoints that exist today.
#[derive(Clone, Copy, Debug)]
pub struct Api;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl Api {
    /// Inspect a token
    ///
    /// Says whether a token is alive, and whose it is. Called by a confidential client with the right to introspect,
    /// on every request that it serves.
    #[oai(path = "/oauth2/introspect", method = "post", operation_id = "introspect")]
    async fn introspect(&self, app: App, call: ClientForm<IntrospectionRequest>) -> Result<Printed> {
        if call.client.metadata.introspect.is_none() {
            return Err(Error::new(ErrorKind::InvalidClient, "This client has no right to introspect."));
        }
        if call.form.token.is_empty() {
            return Err(Error::new(ErrorKind::InvalidRequest, "The parameter token is missing."));
        }
        Ok(match app.tokens.inspect(&call.form.token).await? {
            Some(live) if may_see(&call.client) => Printed(print(&app, &live)),
            _ => Printed::INACTIVE,
        })
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
        let call = ClientForm::read(&self.0, &request, &mut body).await?;
        Ok(Api.introspect(self.0.clone(), call).await?.into_response())
    }
}

/// Session tokens belong to no client: only a caller with the right to all sees them (SEC-083).
fn may_see(client: &Client) -> bool {
    client.metadata.introspect == Some(Introspect::All)
}

fn print(app: &App, token: &LiveToken) -> Bytes {
    let print = || Introspection::of(token, app.config.web.issuer()).to_json_string().into();
    token.printed.get_or_init(print).clone()
}
