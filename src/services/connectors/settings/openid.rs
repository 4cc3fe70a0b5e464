//! Settings of the one OpenID provider that the chat's names set up.

use std::time::Duration;

use url::Url;

use super::super::discovery;
use super::super::draft::Draft;
use super::{OPENID, lacks, one};
use crate::env::{Env, Fault, Parsed, numbers, words};

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
    Some(Draft { issuer, scope: Some(scope), label: Some(label), clock_tolerance: Some(tolerance), ..draft })
}

fn scope(text: &str) -> Parsed<Vec<String>> {
    let scope: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    match scope.iter().any(|one| one == "openid") {
        true => Ok(scope),
        false => Err(Fault::new("lacks openid", "Write such as openid profile email")),
    }
}
