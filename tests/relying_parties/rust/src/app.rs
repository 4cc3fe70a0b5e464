//! One app: who it is to the server, by what the server says of itself.

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType, CoreIdTokenClaims,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, DeviceAuthorizationUrl, EndSessionUrl, EndpointSet,
    IntrospectionUrl, IssuerUrl, ProviderMetadata, RedirectUrl, RevocationUrl,
};
use serde::{Deserialize, Serialize};

use crate::Done;
use crate::world::World;

pub type Claims = CoreIdTokenClaims;
pub type Tokens = CoreTokenResponse;

/// Where to find what the crate does not know of by itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    device_authorization_endpoint: DeviceAuthorizationUrl,
    end_session_endpoint: EndSessionUrl,
    introspection_endpoint: IntrospectionUrl,
    revocation_endpoint: RevocationUrl,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<EndpointSet, EndpointSet, EndpointSet, EndpointSet, EndpointSet, EndpointSet>;

/// An app that the server knows.
pub struct App {
    pub client: Client,
    pub end_session: EndSessionUrl,
    pub id: ClientId,
    pub is_confidential: bool,
}

impl App {
    /// Adds it to the server, to prove itself by `method`, and looks the server up.
    pub fn add(world: &World, id: &str, method: &str) -> Done<Self> {
        let is_confidential = method != "none";
        let (cb, bye) = (world.cb(), world.bye());
        let mut words = vec!["client", "add", id, "--for", "generic", "--trusted", "--redirect-uri", &cb];
        words.extend(["--post-logout-redirect-uri", &bye, "--grant", "urn:ietf:params:oauth:grant-type:device_code"]);
        if is_confidential {
            words.extend(["--auth-method", method, "--introspect", "own", "--grant", "client_credentials"]);
        } else {
            words.push("--public");
        }
        let added = world.postern(&words)?;
        let secret = added["client_secret"].as_str().map(|it| ClientSecret::new(it.into()));

        let metadata = Metadata::discover(&IssuerUrl::new(world.issuer.clone())?, &world.http)?;
        let more = metadata.additional_metadata().clone();
        let (token, userinfo) = (metadata.token_endpoint().cloned(), metadata.userinfo_endpoint().cloned());
        let id = ClientId::new(id.into());
        let mut client = CoreClient::from_provider_metadata(metadata, id.clone(), secret)
            .set_token_uri(token.ok_or("no token endpoint")?)
            .set_user_info_url(userinfo.ok_or("no userinfo")?)
            .set_redirect_uri(RedirectUrl::new(cb)?)
            .set_device_authorization_url(more.device_authorization_endpoint)
            .set_introspection_url(more.introspection_endpoint)
            .set_revocation_url(more.revocation_endpoint);
        if method == "client_secret_post" {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        Ok(Self { client, end_session: more.end_session_endpoint, id, is_confidential })
    }
}
