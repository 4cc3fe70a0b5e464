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
    let email = email.or_else(|| claimed(connector.trust, provider, token));
    let email = email.or_else(|| claimed(connector.trust, provider, more));
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
fn claimed(trust: Trust, provider: &Provider, claims: &Claims) -> Option<ClaimedEmail> {
    let address = claims.get("email").and_then(Value::as_str)?;
    let is_verified = claims.get("email_verified").is_some_and(is_yes);
    let is_vouched_for = || tenant::is_microsofts(&provider.issuer) && microsoft_vouches(claims, address);
    email(trust, address, is_verified || is_vouched_for())
}

/// Whether Microsoft says that `address` is the person's (optional claims): whoever has its domain has proven
/// that to the tenant, or it is among those that the person has confirmed. The address alone is what some
/// administrator wrote (SEC-099).
fn microsoft_vouches(claims: &Claims, address: &str) -> bool {
    let confirmed = claims.get("verified_primary_email").and_then(Value::as_array).into_iter().flatten();
    let is_confirmed = confirmed.filter_map(Value::as_str).any(|one| one.eq_ignore_ascii_case(address));
    is_confirmed || claims.get("xms_edov").is_some_and(is_yes)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_verified(issuer: &str, trust: Trust, more: &Value) -> bool {
        let provider = Provider { issuer: issuer.to_owned(), ..Provider::default() };
        let mut claims = json!({"email": "ada@example.com"}).as_object().cloned().unwrap_or_default();
        claims.extend(more.as_object().cloned().unwrap_or_default());
        claimed(trust, &provider, &claims).is_some_and(|email| email.verified)
    }

    #[test]
    fn sec_099_an_address_of_microsoft_counts_where_it_vouches_and_nobody_else_may_say_so() {
        let microsoft = "https://login.microsoftonline.com/{tenantid}/v2.0";
        for (more, counts) in [
            (json!({}), false),
            (json!({"xms_edov": true}), true),
            (json!({"xms_edov": 1}), true),
            (json!({"xms_edov": "1"}), true),
            (json!({"xms_edov": "true"}), true),
            (json!({"xms_edov": false}), false),
            (json!({"xms_edov": "0"}), false),
            (json!({"xms_edov": [true]}), false),
            (json!({"verified_primary_email": ["Ada@example.com"]}), true),
            (json!({"verified_primary_email": ["other@example.com"]}), false),
            (json!({"verified_primary_email": "ada@example.com"}), false),
            (json!({"verified_secondary_email": ["ada@example.com"]}), false),
        ] {
            assert_eq!(is_verified(microsoft, Trust::Claimed, &more), counts, "{more}");
            assert!(!is_verified(microsoft, Trust::Never, &more), "{more}");
            for other in ["https://login.microsoftonline.com.evil.example/x/v2.0", "https://id.example.com"] {
                assert!(!is_verified(other, Trust::Claimed, &more), "{other} {more}");
            }
        }
    }

    #[test]
    fn sec_133_only_a_web_address_is_that_of_a_picture() {
        for fine in ["https://img.example.com/1.png", "http://img.example.com/1.png"] {
            assert_eq!(picture(fine).as_deref(), Some(fine));
        }
        let long = format!("https://img.example.com/{}", "a".repeat(LONGEST_ADDRESS));
        for odd in ["", "none", "/u/1.png", "data:image/svg+xml,<svg/>", "javascript:alert(1)", "file:///x", &long] {
            assert_eq!(picture(odd), None, "{odd}");
        }
    }
}
