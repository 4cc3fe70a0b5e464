//! Userinfo (OpenID Connect Core section 5.3): who the person of an access token is.

use poem::http::header::{AUTHORIZATION, CONTENT_TYPE};
use poem::{IntoResponse, Request, Response};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSecurityScheme, Registry};
use poem_openapi::types::{Example, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, Object, OpenApi};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::parameters::Parameters;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::grants::scope::OPENID;
use crate::services::tokens::{LiveToken, TokenKind, claims};
use crate::web::body;

/// The path of userinfo below the base path.
pub(super) const USERINFO: &str = "/oauth2/userinfo";
const SCHEME: &str = "accessToken";
const JSON: &str = "application/json";
/// For clients that want it signed (Core section 5.3.2).
const JWT: &str = "application/jwt";
/// The `typ` of a signed answer: no other token of ours may be taken for one, nor it for any other.
const TYP: &str = "userinfo+jwt";
const FORM: &str = "application/x-www-form-urlencoded";

/// Who a person is, as far as the token's scope tells.
#[derive(Object)]
#[oai(skip_serializing_if_is_none, example)]
struct Userinfo {
    /// The stable id.
    sub: String,
    /// The name that others see.
    name: Option<String>,
    /// All of the name but its last word.
    given_name: Option<String>,
    /// The last word of the name, where it has several.
    family_name: Option<String>,
    /// The user name; never an e-mail address.
    preferred_username: Option<String>,
    /// Address of the person's picture.
    picture: Option<String>,
    /// When any of it was changed last, in seconds of Unix time.
    updated_at: Option<i64>,
    /// The e-mail address.
    email: Option<String>,
    /// Whether the address is known to be the person's.
    email_verified: Option<bool>,
    /// The person's roles.
    roles: Option<Vec<String>>,
    /// The person's groups.
    groups: Option<Vec<String>>,
}

impl Example for Userinfo {
    fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            sub: "5f1d7f3c9a0b4e2d8c6a1b3f".into(),
            name: text("Maren Olsen"),
            given_name: text("Maren"),
            family_name: text("Olsen"),
            preferred_username: text("maren.olsen"),
            picture: None,
            updated_at: Some(1_772_374_800),
            email: text("maren@example.com"),
            email_verified: Some(true),
            roles: None,
            groups: None,
        }
    }
}

/// An answer on its way: a printed [`Userinfo`], or a JWT that holds one.
enum Printed {
    Json(String),
    Jwt(String),
}

impl IntoResponse for Printed {
    fn into_response(self) -> Response {
        let (media_type, text) = match self {
            Self::Json(text) => (JSON, text),
            Self::Jwt(text) => (JWT, text),
        };
        Response::builder().header(CONTENT_TYPE, media_type).body(text)
    }
}

impl ApiResponse for Printed {
    fn meta() -> MetaResponses {
        // As in introspection, the signed form stands in words alone.
        let content = vec![MetaMediaType { content_type: JSON, schema: Userinfo::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        Userinfo::register(registry);
    }
}

/// An access token, from the header or the form of a POST (RFC 6750 section 2); never from an address.
struct AccessToken(SecretString);

impl<'a> ApiExtractor<'a> for AccessToken {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("An access token with the scope openid."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut poem::RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let form = match body::is_of_type(request.headers(), FORM) && body::is_present(request.headers()) {
            true => Parameters::parse(&body::read(request, body).await?)?,
            false => Parameters::default(),
        };
        let mut shown: Vec<&str> = form.all("access_token").collect();
        for header in request.headers().get_all(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|text| text.split_once(' '));
            let (scheme, token) = token.ok_or_else(|| Error::from(ErrorKind::InvalidToken))?;
            if scheme.eq_ignore_ascii_case("bearer") {
                shown.push(token.trim());
            }
        }
        match shown.as_slice() {
            [token] => Ok(Self((*token).into())),
            [] => Err(Error::from(ErrorKind::Unauthenticated).into()),
            _ => Err(Error::new(ErrorKind::InvalidRequest, "The access token stands there twice.").into()),
        }
    }
}

/// The form of a POST (RFC 6750 section 2.2).
#[derive(Object)]
#[oai(example)]
struct UserinfoRequest {
    /// The access token, where it does not stand in the header.
    access_token: Option<String>,
}

impl Example for UserinfoRequest {
    fn example() -> Self {
        Self { access_token: Some("eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl".into()) }
    }
}

/// The same, of an operation that is described with its form.
struct PostedToken(AccessToken);

impl<'a> ApiExtractor<'a> for PostedToken {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject, ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        AccessToken::register(registry);
        UserinfoRequest::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        AccessToken::security_schemes()
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: FORM, schema: UserinfoRequest::schema_ref() }];
        Some(MetaRequest { description: None, content, required: false })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut poem::RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        AccessToken::from_request(request, body, options).await.map(Self)
    }
}

/// Who is behind a token.
#[derive(Clone, Copy, Debug)]
pub struct UserinfoApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl UserinfoApi {
    /// Show the person of an access token
    ///
    /// What the scopes of the token open, and the claims that were asked for by name. A client that has registered
    /// `userinfo_signed_response_alg` gets a JWT.
    #[oai(path = "/oauth2/userinfo", method = "get", operation_id = "userinfo")]
    async fn show(&self, app: App, token: AccessToken) -> Result<Printed> {
        print(&app, &token).await
    }

    /// Show the person of an access token
    ///
    /// The same, for clients that send the token in a form.
    #[oai(path = "/oauth2/userinfo", method = "post", operation_id = "postUserinfo")]
    async fn show_by_form(&self, app: App, token: PostedToken) -> Result<Printed> {
        print(&app, &token.0).await
    }
}

async fn print(app: &App, token: &AccessToken) -> Result<Printed> {
    let found = app.tokens.inspect(token.0.expose_secret()).await?;
    let issuer = app.config.web.issuer();
    let found = found.filter(|it| it.kind == TokenKind::Access && it.is_for(issuer));
    let token = found.ok_or_else(|| Error::from(ErrorKind::InvalidToken))?;
    let LiveToken { live: Some(live), client: Some(client), .. } = &*token else {
        return Err(ErrorKind::InsufficientScope.into());
    };
    if !token.scope.contains(OPENID) {
        return Err(ErrorKind::InsufficientScope.into());
    }
    let client = app.clients.find(client).await?.ok_or_else(|| Error::from(ErrorKind::InvalidToken))?;
    let mut claims = claims::of(&live.user, issuer, &client, &token.scope, &token.claims.userinfo);
    claims.insert("sub".into(), json!(token.subject()));
    let Some(algorithm) = client.userinfo_signed_response_alg else {
        return Ok(Printed::Json(Value::Object(claims).to_string()));
    };
    claims.insert("iss".into(), json!(issuer));
    claims.insert("aud".into(), json!(client.id.as_str()));
    app.keys.sign(algorithm, TYP, &claims).await.map(Printed::Jwt)
}
