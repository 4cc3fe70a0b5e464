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
use crate::services::grants::scope;
use crate::services::sessions::Live;
use crate::services::tokens::{ACR, LiveToken};

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
    /// What a caller learns that sees `all`, or only what the scope of the token opens.
    fn of(token: &LiveToken, issuer: &str, all: bool) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let client = token.client.as_ref().map(|id| id.as_str().to_owned());
        let mut answer = Self {
            active: true,
            sub: client.clone(),
            scope: client.as_ref().map(|_| scope::text(&token.scope)),
            token_type: text("Bearer"),
            exp: Some(token.expires_at.seconds()),
            iat: Some(token.issued_at.seconds()),
            nbf: Some(token.issued_at.seconds()),
            iss: text(issuer),
            aud: Some(token.audience.as_slice().join(" ")).filter(|aud| !aud.is_empty()),
            jti: token.jti.clone(),
            client_id: client,
            ..Self::default()
        };
        if let Some(live) = &token.live {
            answer.tell_of(token, live, |scope| all || token.scope.contains(scope));
        }
        answer
    }

    fn tell_of(&mut self, token: &LiveToken, live: &Live, is_open: impl Fn(&str) -> bool) {
        let Live { user, session, .. } = live;
        let when = |scope: &str, text: &str| is_open(scope).then(|| text.to_owned());
        self.sub = Some(user.id.to_string());
        self.sid = Some(session.id.to_string());
        self.auth_time = token.authenticated_at.map(entity::Timestamp::seconds);
        self.acr = token.client.as_ref().map(|_| ACR.to_owned());
        self.amr = Some(session.amr.as_slice().to_vec());
        self.username = when(scope::PROFILE, &user.username);
        self.name = when(scope::PROFILE, &user.name);
        self.picture = user.picture.clone().filter(|_| is_open(scope::PROFILE));
        self.email = when(scope::EMAIL, &user.email);
        self.email_verified = is_open(scope::EMAIL).then_some(user.email_verified);
        self.roles = is_open(scope::ROLES).then(|| user.roles.as_slice().to_vec());
        self.groups = is_open(scope::GROUPS).then(|| user.groups.as_slice().to_vec());
        self.provider = when(scope::PROFILE, &session.provider);
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

/// Asking about tokens.
#[derive(Clone, Copy, Debug)]
pub struct IntrospectApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl IntrospectApi {
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
            Some(live) if may_see(&call.client, &live) => Printed(print(&app, &call.client, &live)),
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
        Ok(IntrospectApi.introspect(self.0.clone(), call).await?.into_response())
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
