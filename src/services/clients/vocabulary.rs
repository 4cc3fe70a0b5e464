//! The words that a client's metadata may hold. To add one: a line in its table.

use crate::services::vocabulary::vocabulary;

vocabulary! {
    /// How a client proves who it is (RFC 7591 section 2, `token_endpoint_auth_method`).
    AuthMethod {
        /// Its secret in `Authorization: Basic` (RFC 6749 section 2.3.1).
        ClientSecretBasic = "client_secret_basic";
        /// Its secret in the form (RFC 6749 section 2.3.1).
        ClientSecretPost = "client_secret_post";
        /// An assertion that it has signed (RFC 7523 section 2.2).
        PrivateKeyJwt = "private_key_jwt";
        /// Not at all: a public client.
        None = "none";
    }
    /// What a client runs as (OpenID Connect Dynamic Client Registration section 2).
    ApplicationType {
        /// On a server, reached by https.
        Web = "web";
        /// On a person's own machine (RFC 8252).
        Native = "native";
    }
    /// What a client may ask tokens for (RFC 7591 section 2, `grant_types`).
    GrantType {
        /// A person's authorization code.
        AuthorizationCode = "authorization_code";
        /// A refresh token.
        RefreshToken = "refresh_token";
        /// The client's own authority.
        ClientCredentials = "client_credentials";
        /// A code typed on another device (RFC 8628).
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code";
    }
    /// What an authorization request may answer with (RFC 7591 section 2, `response_types`).
    ResponseType {
        /// A code; tokens never pass through the browser.
        Code = "code";
    }
    /// How a client may sign an assertion (RFC 7518 section 3.1, RFC 8037): never by a shared secret.
    AssertionAlgorithm {
        /// RSA with SHA-256.
        Rs256 = "RS256";
        /// RSA-PSS with SHA-256.
        Ps256 = "PS256";
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256";
        /// Ed25519.
        EdDsa = "EdDSA";
    }
    /// Which `sub` a client sees (OpenID Connect Core section 8).
    SubjectType {
        /// The same for every client.
        Public = "public";
        /// One of its own, which tells nobody else's.
        Pairwise = "pairwise";
    }
    /// Which tokens a client may have introspected.
    Introspect {
        /// Those issued to it or meant for it.
        Own = "own";
        /// Every token of this house.
        All = "all";
    }
    /// What its access tokens look like.
    AccessTokenKind {
        /// A signed JWT (RFC 9068).
        Jwt = "jwt";
        /// A random text that only introspection understands.
        Opaque = "opaque";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_what_it_may_have_meant() {
        let problem = "client_secret_bassic".parse::<AuthMethod>().expect_err("not a word");
        assert!(problem.ends_with("Perhaps `client_secret_basic` is meant."), "{problem}");
    }

    #[test]
    fn words_read_back() {
        for method in AuthMethod::ALL {
            assert_eq!(method.name().parse(), Ok(*method));
            assert_eq!(serde_json::to_value(method).ok(), Some(method.name().into()));
        }
    }
}
