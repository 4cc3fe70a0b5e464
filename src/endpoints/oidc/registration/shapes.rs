//! What a client says of itself, and what it is answered.

use poem_openapi::Object;
use poem_openapi::types::{Any, Example};
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::services::clients::{Client, ClientSecret};

/// The members of metadata, listed once for both directions: what may be `null` on its way in never is
/// on its way out.
macro_rules! members {
    ($($(#[$about:meta])* $member:ident: $kind:ty;)*) => {
        /// What a client says of itself; members that are not known here are passed over.
        #[derive(Debug, Default, Object)]
        #[oai(skip_serializing_if_is_none, default, example)]
        pub(super) struct ClientMetadata { $($(#[$about])* $member: Option<$kind>,)* }

        /// What a client is registered with.
        #[derive(Debug, Default, Object, Deserialize)]
        #[serde(default)]
        #[oai(skip_serializing_if_is_none)]
        struct RegisteredMetadata { $($(#[$about])* $member: Option<$kind>,)* }

        impl From<ClientMetadata> for RegisteredMetadata {
            fn from(said: ClientMetadata) -> Self {
                Self { $($member: said.$member,)* }
            }
        }
    };
}

members! {
    /// `web`, or `native` for an app on a person's own machine; told by the addresses where it is left out.
    application_type: String;
    /// What people read on the consent page.
    client_name: String;
    /// Its home page.
    client_uri: String;
    /// Its picture.
    logo_uri: String;
    /// How it treats what it learns.
    policy_uri: String;
    /// Its terms.
    tos_uri: String;
    /// Whom to write to about it.
    contacts: Vec<String>;
    /// Where an authorization may end: https, or for a native app http on loopback or a scheme of its own.
    redirect_uris: Vec<String>;
    /// Where a logout may end.
    post_logout_redirect_uris: Vec<String>;
    /// Where logout tokens go.
    backchannel_logout_uri: String;
    /// Whether logout tokens must name the session.
    backchannel_logout_session_required: bool;
    /// Where a sign-in can be begun by others.
    initiate_login_uri: String;
    /// How it proves who it is: `client_secret_basic` where it is left out, `client_secret_post`, `private_key_jwt`,
    /// or `none` for an app that keeps no secret.
    token_endpoint_auth_method: String;
    /// What it may ask tokens for: `authorization_code` and `refresh_token` where it is left out.
    grant_types: Vec<String>;
    /// Always `code`.
    response_types: Vec<String>;
    /// The scopes that it may ask for, with blanks: of `openid profile email offline_access`.
    scope: String;
    /// Its public keys.
    jwks: KeySet;
    /// Where its public keys are.
    jwks_uri: String;
    /// `public`, or `pairwise` for ids that it alone sees.
    subject_type: String;
    /// Where a JSON array names all of its redirect addresses, when they are on several hosts: the host there is what
    /// keeps pairwise ids apart.
    sector_identifier_uri: String;
    /// How its ID tokens are signed: `RS256` where it is left out.
    id_token_signed_response_alg: String;
    /// How userinfo is signed for it; plain JSON where it is left out.
    userinfo_signed_response_alg: String;
    /// How introspection is signed for it where it asks for that: `RS256` where it is left out.
    introspection_signed_response_alg: String;
    /// How old a sign-in may be where it does not say, in seconds.
    default_max_age: u64;
    /// Whether it must push its requests.
    require_pushed_authorization_requests: bool;
}

/// A set of public keys (RFC 7517 section 5).
#[derive(Debug, Object, Deserialize)]
struct KeySet {
    /// The keys.
    keys: Vec<Any<Value>>,
}

impl Example for ClientMetadata {
    fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        let list = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        Self {
            application_type: text("web"),
            client_name: text("Fernwood Notes"),
            redirect_uris: list(&["https://notes.example.com/callback"]),
            token_endpoint_auth_method: text("client_secret_basic"),
            grant_types: list(&["authorization_code", "refresh_token"]),
            response_types: list(&["code"]),
            scope: text("openid profile email offline_access"),
            subject_type: text("public"),
            id_token_signed_response_alg: text("RS256"),
            ..Self::default()
        }
    }
}

/// All that a client says of itself from now on (RFC 7592 section 2.2).
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub(super) struct ClientChange {
    /// Which client it is.
    client_id: String,
    /// Its secret; it need not be there, and cannot be another.
    #[oai(default)]
    client_secret: Option<String>,
    /// The rest.
    #[oai(flatten)]
    metadata: ClientMetadata,
}

impl Example for ClientChange {
    fn example() -> Self {
        let ClientInformation { client_id, .. } = ClientInformation::example();
        Self { client_id, client_secret: None, metadata: ClientMetadata::example() }
    }
}

/// A registered client (RFC 7591 section 3.2.1, RFC 7592 section 3).
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub(super) struct ClientInformation {
    /// What it calls itself from now on.
    client_id: String,
    /// When it registered, in seconds of Unix time.
    client_id_issued_at: i64,
    /// Its secret, in the one answer that makes it.
    client_secret: Option<String>,
    /// Beside it, always 0: it does not expire.
    client_secret_expires_at: Option<i64>,
    /// What it looks after its registration with.
    registration_access_token: String,
    /// Where it does so.
    registration_client_uri: String,
    /// What it is registered with.
    #[oai(flatten)]
    metadata: RegisteredMetadata,
}

impl ClientInformation {
    /// What `client` is told, which holds `token`, and gets `secret` where one was made.
    ///
    /// # Errors
    /// Never: metadata has a form in JSON.
    pub(super) fn of(app: &App, client: &Client, token: &str, secret: Option<&Secret<ClientSecret>>) -> Result<Self> {
        let issuer = app.config.web.issuer();
        // What only an operator says of a client has no field there.
        let metadata = serde_json::to_value(&client.metadata).and_then(serde_json::from_value);
        Ok(Self {
            client_id: client.id.to_string(),
            client_id_issued_at: client.created_at.unwrap_or_default().seconds(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            client_secret_expires_at: secret.map(|_| 0),
            registration_access_token: token.to_owned(),
            registration_client_uri: format!("{issuer}{}{}", super::REGISTRATIONS, client.id),
            metadata: metadata.map_err(Error::internal)?,
        })
    }
}

impl Example for ClientInformation {
    fn example() -> Self {
        Self {
            client_id: "app_Xm0r0vGVy1g0b8bQm6cVw5".into(),
            client_id_issued_at: 1_772_374_800,
            client_secret: Some("pst_cs_Xm0r0vGVy1g0b8bQm6cVw5i5sZr0xk0m2Y9mJ8hB1nE".into()),
            client_secret_expires_at: Some(0),
            registration_access_token: "pst_ra_Xm0r0vGVy1g0b8bQm6cVw5i5sZr0xk0m2Y9mJ8hB1nE".into(),
            registration_client_uri: "https://auth.example.com/oauth2/register/app_Xm0r0vGVy1g0b8bQm6cVw5".into(),
            metadata: ClientMetadata::example().into(),
        }
    }
}
