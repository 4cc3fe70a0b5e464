//! Settings of the one OpenID provider that the chat's names set up.

use std::time::Duration;

use url::Url;

use super::super::connector::UpstreamLogout;
use super::super::discovery;
use super::super::draft::Draft;
use super::{OPENID, lacks, one};
use crate::env::{Env, Fault, Parsed, address, numbers, words};

/// The OpenID provider. Where its issuer is ourselves, these settings are the chat's, for coming in
/// through us.
pub(super) fn read(env: &mut Env, url: Option<&Url>) -> Option<Draft> {
    const ISSUER: &str = "OPENID_ISSUER";
    let issuer = env.optional(ISSUER, "", "Issuer of the OpenID provider, or the address of its document.", |text| {
        discovery::issuer(text).map_err(|wrong| Fault::new(wrong, "Write such as https://id.example.com"))
    });
    let scope = env.or("OPENID_SCOPE", "openid profile email", "What is asked for there.", scope);
    let label =
        env.or("OPENID_BUTTON_LABEL", "Continue with OpenID", "The words on its button.", |text| words::line(text, 60));
    let tolerance = env.or("OPENID_CLOCK_TOLERANCE", "300", "Seconds that its clock may be off.", |text| {
        numbers::integer(text, 0..=3600).map(Duration::from_secs)
    });
    let about = "true: there is no secret. PKCE is used in any case.";
    let _ = env.or("OPENID_USE_PKCE", "false", about, words::boolean);
    let signing_out = signing_out(env);
    let draft = one(env, &OPENID, url);
    let (issuer, scope, label, tolerance) = (issuer?, scope?, label?, tolerance?);
    match (&issuer, &draft) {
        (Some(issuer), _) if url.is_some_and(|url| url.as_str().trim_end_matches('/') == issuer) => {
            env.notice(ISSUER, "is Postern itself: these settings are the chat's, and no provider is set up by them.");
            return None;
        }
        (Some(_), None) => lacks(env, ISSUER, OPENID.id.0),
        (None, Some(_)) => lacks(env, OPENID.id.0, ISSUER),
        _ => {}
    }
    let draft = draft?;
    issuer.as_ref()?;
    if env.is_set("OPENID_REQUIRED_ROLE") {
        let right = "Take it out, and let the provider admit only those people to this client";
        env.problem("OPENID_REQUIRED_ROLE", Fault::new("is known, but not built into this release", right));
    }
    let (is_asked_for, after_logout, longest_logout) = signing_out?;
    let logout = match (is_asked_for, &issuer) {
        (false, _) => UpstreamLogout::Off,
        (true, Some(issuer)) if is_cognito(issuer) => UpstreamLogout::Cognito,
        (true, _) => UpstreamLogout::Standard,
    };
    let (logout, longest_logout) = (Some(logout), Some(longest_logout));
    let (scope, label, clock_tolerance) = (Some(scope), Some(label), Some(tolerance));
    Some(Draft { issuer, scope, label, clock_tolerance, logout, after_logout, longest_logout, ..draft })
}

/// Whether who signs out here is signed out there too, where they come back to, and how long the address
/// for it may be.
fn signing_out(env: &mut Env) -> Option<(bool, Option<String>, usize)> {
    let about = "Whether who signs out here is signed out there too.";
    let is_asked_for = env.or("OPENID_USE_END_SESSION_ENDPOINT", "false", about, words::boolean);
    let about = "Where they come back to then; to be registered there.";
    let after = env.optional("OPENID_POST_LOGOUT_REDIRECT_URI", "POSTERN_URL/login", about, |text| {
        address::web(text).map(|_| text.to_owned())
    });
    let about =
        "The longest address that they are sent to for it, in characters; a longer one goes without the ID token.";
    let longest = env.or("OPENID_MAX_LOGOUT_URL_LENGTH", "2000", about, |text| {
        numbers::integer(text, 1..=65_536).map(|most| usize::try_from(most).unwrap_or(usize::MAX))
    });
    Some((is_asked_for?, after?, longest?))
}

/// Amazon Cognito has a way of its own to sign people out.
fn is_cognito(issuer: &str) -> bool {
    let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    host.starts_with("cognito-idp.") && host.ends_with(".amazonaws.com")
}

fn scope(text: &str) -> Parsed<Vec<String>> {
    let scope: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    match scope.iter().any(|one| one == "openid") {
        true => Ok(scope),
        false => Err(Fault::new("lacks openid", "Write such as openid profile email")),
    }
}
