//! Sign in with Apple (OpenID Connect, with ways of its own).

use super::{Fixed, Known, Source, Trust};

pub(super) const APPLE: Known = Known {
    kind: "apple",
    name: "Apple",
    fixed: Some(Fixed {
        issuer: "https://appleid.apple.com",
        authorization_url: "https://appleid.apple.com/auth/authorize",
        token_url: "https://appleid.apple.com/auth/token",
        // All that it says stands in the ID token.
        api_url: "",
        jwks_url: Some("https://appleid.apple.com/auth/keys"),
        version: "",
        takes_post: true,
    }),
    scope: &["name", "email"],
    // It answers in no other way when a name or an address is asked for.
    parameters: &[super::FORM_POST],
    again: &[],
    trust: Trust::Claimed,
    source: Source::IdToken,
    groups: None,
    scope_of_groups: &[],
};
