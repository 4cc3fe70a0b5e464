//! Who somebody is, from the claims of a provider.

use serde_json::{Map, Value};
use url::Url;

use super::connector::{ClaimNames, Connector, Provider, Trust};
use super::{failure, said, tenant};
use crate::error::Result;
use crate::services::users::email::Email;
use crate::services::users::identity::{ClaimedEmail, Profile, Who};
use crate::services::users::name::clean;
use crate::services::users::standing::Standing;

/// Longest subject, in ASCII characters (OpenID Connect Core section 2).
const LONGEST_SUBJECT: usize = 255;
/// Longest address of a picture, in bytes.
const LONGEST_ADDRESS: usize = 2000;

/// Claims by their names.
pub(super) type Claims = Map<String, Value>;

/// The profile in the claims of a verified ID token, and in what the provider says besides.
///
/// # Errors
/// When the subject is none that can stand for a person for ever (SEC-098).
pub(super) fn of_claims(connector: &Connector, provider: &Provider, token: &Claims, more: &Claims) -> Result<Profile> {
    let subject = subject(token)?;
    let text = |path: &str| said::at(token, path).or_else(|| said::at(more, path)).and_then(Value::as_str);
    let ClaimNames { username, name: named, email } = &connector.claims;
    let username = username.as_deref().into_iter().chain(["preferred_username", "username"]).find_map(text);
    // Only `email` has a word beside it that says whose it is.
    let own = email.as_deref().filter(|path| *path != "email").and_then(text);
    let email = own.and_then(|address| self::email(Trust::Never, address, false));
    let email = email.or_else(|| claimed(connector.trust, token)).or_else(|| claimed(connector.trust, more));
    // Of a provider of many tenants, subjects of two are two people.
    let issuer = match tenant::is_template(&provider.issuer) {
        true => text("iss").unwrap_or_default(),
        false => provider.issuer.as_str(),
    };
    let named = named.as_deref().and_then(text).map(clean).filter(|name| !name.is_empty());
    Ok(Profile {
        who: Who { connector: connector.id.clone(), issuer: issuer.to_owned(), subject: subject.to_owned() },
        name: named.unwrap_or_else(|| name(text, username)),
        // An address is nobody's user name.
        username: username.filter(|name| !name.contains('@')).map(str::to_owned),
        email,
        picture: text("picture").and_then(picture),
        standing: Standing::default(),
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

/// The address of a picture; none where `text` is none, as some write there that there is none.
pub(super) fn picture(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    (url.as_str().len() <= LONGEST_ADDRESS).then(|| url.into())
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
