//! What the chat's settings say of signing out at the OpenID provider.

use url::Url;

use super::super::connector::UpstreamLogout;
use super::super::draft::Draft;
use crate::env::{Env, address, numbers, words};

/// What was read.
pub(super) struct SigningOut {
    /// Whether who signs out here is signed out there too.
    is_on: bool,
    /// Where they come back to then.
    after: Option<String>,
    /// How long the address for it may be, in bytes.
    longest: usize,
}

impl SigningOut {
    pub(super) fn read(env: &mut Env) -> Option<Self> {
        let about = "Whether who signs out here is signed out there too.";
        let is_on = env.or("OPENID_USE_END_SESSION_ENDPOINT", "false", about, words::boolean);
        let about = "Where they come back to then; to be registered there.";
        let after = env.optional("OPENID_POST_LOGOUT_REDIRECT_URI", "POSTERN_URL/login", about, |text| {
            address::web(text).map(|_| text.to_owned())
        });
        let about =
            "The longest address that they are sent to for it, in characters; a longer one goes without the ID token.";
        let longest = env.or("OPENID_MAX_LOGOUT_URL_LENGTH", "2000", about, |text| {
            numbers::integer(text, 1..=65_536).map(|most| usize::try_from(most).unwrap_or(usize::MAX))
        });
        Some(Self { is_on: is_on?, after: after?, longest: longest? })
    }

    pub(super) fn onto(self, draft: Draft) -> Draft {
        let Self { is_on, after: after_logout, longest } = self;
        let logout = match (is_on, draft.issuer.as_deref()) {
            (false, _) => UpstreamLogout::Off,
            (true, Some(issuer)) if is_cognito(issuer) => UpstreamLogout::Cognito,
            (true, _) => UpstreamLogout::Standard,
        };
        Draft { logout: Some(logout), after_logout, longest_logout: Some(longest), ..draft }
    }
}

/// Amazon Cognito has a way of its own to sign people out.
fn is_cognito(issuer: &str) -> bool {
    let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host.starts_with("cognito-idp.") && host.ends_with(".amazonaws.com")
}
