//! What is said of a person, by the scopes that were granted and the claims that were asked for
//! (OpenID Connect Core section 5).

use std::collections::BTreeMap;

use entity::Names;
use serde_json::{Map, Value, json};

use crate::services::clients::Client;
use crate::services::grants::Wish;
use crate::services::grants::scope::{CLAIMS, GROUPS, ROLES};
use crate::services::users::{User, picture};

/// Claims by name.
pub type Claims = Map<String, Value>;

/// What `user` is by the word of `issuer` to `client`, which was granted `scope` and asked for `wishes` besides: no more of
/// either than it may ask for today.
#[must_use]
pub fn of(
    user: &User,
    issuer: &str,
    client: &Client,
    scope: &Names,
    wishes: &BTreeMap<String, Option<Wish>>,
) -> Claims {
    let is_open = |name: &str, by: &str| (scope.contains(by) || wishes.contains_key(name)) && client.may_ask_for(by);
    let open = CLAIMS.iter().filter(|(name, by)| is_open(name, by));
    open.filter_map(|(name, _)| Some(((*name).to_owned(), claim(user, issuer, name)?))).collect()
}

/// The claims that stand in ID tokens and access tokens by their scope, because that is where chat
/// apps look for them.
#[must_use]
pub fn of_roles(user: &User, client: &Client, scope: &Names) -> Claims {
    let is_open = |by: &str| scope.contains(by) && client.may_ask_for(by);
    let all = [("roles", ROLES, &user.roles), ("groups", GROUPS, &user.groups)];
    let in_tokens = all.into_iter().filter(|(_, by, _)| is_open(by));
    in_tokens.map(|(name, _, names)| (name.to_owned(), json!(names.as_slice()))).collect()
}

fn claim(user: &User, issuer: &str, name: &str) -> Option<Value> {
    let (given, family) = parted(&user.name);
    Some(match name {
        "name" => json!(user.name),
        "given_name" => json!(given),
        "family_name" => json!(family?),
        "preferred_username" => json!(user.username),
        "picture" => json!(picture::address(user, issuer)?),
        "updated_at" => json!(user.updated_at.seconds()),
        "email" => json!(user.email),
        "email_verified" => json!(user.email_verified),
        "roles" => json!(user.roles.as_slice()),
        "groups" => json!(user.groups.as_slice()),
        _ => return None,
    })
}

/// A name as given and family name: the last word is the family's, where there is more than one.
fn parted(name: &str) -> (&str, Option<&str>) {
    match name.trim().rsplit_once(' ') {
        Some((given, family)) => (given.trim_end(), Some(family)),
        None => (name.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_words_has_its_family_last() {
        assert_eq!(parted("Maren Anna Olsen"), ("Maren Anna", Some("Olsen")));
        assert_eq!(parted("Cher"), ("Cher", None));
        assert_eq!(parted(""), ("", None));
    }
}
