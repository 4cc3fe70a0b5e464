//! Who somebody is, from the claims of a provider.

use serde_json::{Map, Value};

use super::connector::{Connector, Provider, Trust};
use super::failure;
use crate::error::Result;
use crate::services::users::email::Email;
use crate::services::users::identity::{ClaimedEmail, Profile, Who};
use crate::services::users::name::clean;

/// Longest subject, in ASCII characters (OpenID Connect Core section 2).
const LONGEST_SUBJECT: usize = 255;

/// Claims by their names.
pub(super) type Claims = Map<String, Value>;

/// The profile in the claims of a verified ID token, and in what the provider says besides.
///
/// # Errors
/// When the subject is none that can stand for a person for ever (SEC-098).
pub(super) fn of_claims(connector: &Connector, provider: &Provider, token: &Claims, more: &Claims) -> Result<Profile> {
    let subject = subject(token)?;
    let text = |name: &str| token.get(name).or_else(|| more.get(name)).and_then(Value::as_str);
    let username = ["preferred_username", "username"].into_iter().find_map(text);
    let email = claimed(connector.trust, token).or_else(|| claimed(connector.trust, more));
    Ok(Profile {
        who: Who { connector: connector.id.clone(), issuer: provider.issuer.clone(), subject: subject.to_owned() },
        name: name(text, username),
        // An address is nobody's user name.
        username: username.filter(|name| !name.contains('@')).map(str::to_owned),
        email,
    })
}

fn subject(claims: &Claims) -> Result<&str> {
    let subject = claims.get("sub").and_then(Value::as_str).ok_or_else(|| failure::upstream("sub is no text"))?;
    let is_plain = subject.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if subject.trim().is_empty() || subject.len() > LONGEST_SUBJECT || !is_plain {
        return Err(failure::upstream("sub is empty, too long or not plain ASCII"));
    }
    Ok(subject)
}

fn name<'a>(text: impl Fn(&str) -> Option<&'a str>, username: Option<&str>) -> String {
    let parts = [text("given_name"), text("family_name")];
    let both = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let names = [Some(both.as_str()), text("name"), username];
    names.into_iter().flatten().map(clean).find(|name| !name.is_empty()).unwrap_or_default()
}

/// The name in what Apple has the browser post beside the code (Request an authorization: `user`); empty
/// where there is none.
pub(super) fn name_beside(user: &str) -> String {
    let user: Value = serde_json::from_str(user).unwrap_or_default();
    let parts = ["firstName", "lastName"].into_iter().filter_map(|part| user["name"][part].as_str());
    clean(&parts.collect::<Vec<_>>().join(" "))
}

/// The address in `claims`; whether it is verified counts only where it stands beside it.
fn claimed(trust: Trust, claims: &Claims) -> Option<ClaimedEmail> {
    let address = claims.get("email").and_then(Value::as_str)?;
    email(trust, address, claims.get("email_verified").is_some_and(is_yes))
}

/// Some providers write the boolean as text or as a number; everything else is no.
fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::String(text) => matches!(text.as_str(), "true" | "True" | "1"),
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    }
}

/// `address` as it counts here; none when it is no address.
pub(super) fn email(trust: Trust, address: &str, verified: bool) -> Option<ClaimedEmail> {
    let address = Email::parse(address.trim()).ok()?;
    let verified = match trust {
        Trust::Never => false,
        Trust::Claimed => verified,
        Trust::Always => true,
    };
    Some(ClaimedEmail { address, verified })
}
