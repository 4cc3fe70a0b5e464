//! Google (OpenID Connect).

use super::{Fixed, Known, Source, Trust};

pub(super) const GOOGLE: Known = Known {
    kind: "google",
    name: "Google",
    fixed: Some(Fixed {
        issuer: "https://accounts.google.com",
        authorization_url: "https://accounts.google.com/o/oauth2/v2/auth",
        token_url: "https://oauth2.googleapis.com/token",
        api_url: "https://openidconnect.googleapis.com/v1/userinfo",
        jwks_url: Some("https://www.googleapis.com/oauth2/v3/certs"),
        version: "",
        takes_post: true,
    }),
    scope: &["openid", "email", "profile"],
    parameters: &[],
    again: &[("prompt", "select_account")],
    trust: Trust::Claimed,
    source: Source::IdToken,
    groups: None,
    scope_of_groups: &[],
};
