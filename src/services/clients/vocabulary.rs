//! The words that a client's metadata may hold. To add one: a line in its table.

macro_rules! vocabulary {
    ($($(#[$about:meta])* $list:ident { $($(#[$meaning:meta])* $word:ident = $text:literal;)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $list { $($(#[$meaning])* #[serde(rename = $text)] $word,)* }

        impl $list {
            /// Every word of the list.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// The word as it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }
        }

        impl std::str::FromStr for $list {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|word| word.name() == text);
                found.ok_or_else(|| none_of(text, &[$($text,)*]))
            }
        }

        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}

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
    /// Which `sub` a client sees (OpenID Connect Core section 8).
    SubjectType {
        /// The same for every client.
        Public = "public";
    }
    /// How ID tokens are signed (RFC 7518 section 3.1, RFC 8037).
    SigningAlgorithm {
        /// RSA with SHA-256.
        Rs256 = "RS256";
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256";
        /// Ed25519.
        EdDsa = "EdDSA";
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

/// Says that `text` is none of `words`, and which of them it may have meant.
pub(super) fn none_of(text: &str, words: &[&str]) -> String {
    let hint = nearest(text, words).map(|word| format!(" Perhaps `{word}` is meant.")).unwrap_or_default();
    format!("{text:?} is none of: {}.{hint}", words.join(", "))
}

/// The word that `text` most likely is a slip of, if any.
pub(super) fn nearest<'w>(text: &str, words: &[&'w str]) -> Option<&'w str> {
    // Longer texts are no slips, and comparing them would cost their product.
    let text = (text.len() <= 64).then(|| text.to_lowercase())?;
    let close = words.iter().map(|word| (strsim::jaro_winkler(&text, word), *word));
    close.filter(|(likeness, _)| *likeness > 0.85).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_what_it_may_have_meant() {
        let problem = "client_secret_bassic".parse::<AuthMethod>().expect_err("not a word");
        assert!(problem.ends_with("Perhaps `client_secret_basic` is meant."), "{problem}");
        assert_eq!(nearest("banana", &["trusted", "scope"]), None);
        assert_eq!(nearest(&"trusted".repeat(100), &["trusted"]), None);
    }

    #[test]
    fn words_read_back() {
        for method in AuthMethod::ALL {
            assert_eq!(method.name().parse(), Ok(*method));
            assert_eq!(serde_json::to_value(method).ok(), Some(method.name().into()));
        }
    }
}
