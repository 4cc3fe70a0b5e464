//! What introspection answers (RFC 7662 section 2.2).

use std::borrow::Cow;

use entity::Names;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{Example, ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::{Value, json};

use crate::services::grants::scope;
use crate::services::sessions::Live;
use crate::services::tokens::{ACR, LiveToken};
use crate::services::users::picture;

/// What is known of a token. One that is not alive has `active` and nothing else.
#[derive(Debug, Default, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub(super) struct Introspection {
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
    aud: Option<Audience>,
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

/// Whom a token is meant for: one text, or several.
#[derive(Debug)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn of(names: &Names) -> Option<Self> {
        match names.as_slice() {
            [] => None,
            [one] => Some(Self::One(one.clone())),
            many => Some(Self::Many(many.to_vec())),
        }
    }
}

// By hand: what the macros describe as a union has to be an object besides.
impl Type for Audience {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "audience".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let one_of = vec![String::schema_ref(), Vec::<String>::schema_ref()];
        MetaSchemaRef::Inline(Box::new(MetaSchema { one_of, ..MetaSchema::ANY }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Audience {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(value @ Value::Array(_)) => {
                Vec::parse_from_json(Some(value)).map(Self::Many).map_err(ParseError::propagate)
            }
            value => String::parse_from_json(value).map(Self::One).map_err(ParseError::propagate),
        }
    }
}

impl ToJSON for Audience {
    fn to_json(&self) -> Option<Value> {
        Some(match self {
            Self::One(one) => json!(one),
            Self::Many(many) => json!(many),
        })
    }
}

impl Introspection {
    /// What a caller learns that sees `all`, or only what the scope of the token opens.
    pub(super) fn of(token: &LiveToken, issuer: &str, all: bool) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let client = token.client.as_ref().map(|id| id.as_str().to_owned());
        let mut answer = Self {
            active: true,
            sub: token.subject(),
            scope: client.as_ref().map(|_| scope::text(&token.scope)),
            token_type: text("Bearer"),
            exp: Some(token.expires_at.seconds()),
            iat: Some(token.issued_at.seconds()),
            nbf: Some(token.issued_at.seconds()),
            iss: text(issuer),
            aud: Audience::of(&token.audience),
            jti: token.jti.clone(),
            client_id: client,
            ..Self::default()
        };
        if let Some(live) = &token.live {
            answer.tell_of(token, live, issuer, |scope| all || token.scope.contains(scope));
        }
        answer
    }

    fn tell_of(&mut self, token: &LiveToken, live: &Live, issuer: &str, is_open: impl Fn(&str) -> bool) {
        let Live { user, session, .. } = live;
        let when = |scope: &str, text: &str| is_open(scope).then(|| text.to_owned());
        self.sid = Some(session.id.to_string());
        self.auth_time = token.authenticated_at.map(entity::Timestamp::seconds);
        self.acr = token.client.as_ref().map(|_| ACR.to_owned());
        self.amr = Some(session.amr.as_slice().to_vec());
        self.username = when(scope::PROFILE, &user.username);
        self.name = when(scope::PROFILE, &user.name);
        self.picture = picture::address(user, issuer).filter(|_| is_open(scope::PROFILE));
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
