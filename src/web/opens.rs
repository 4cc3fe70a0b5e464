//! What scopes and claims open, in words and with the real values: for whoever is asked, and for
//! whoever wants to see what they have allowed.

use entity::Names;
use serde::Serialize;

use crate::services::grants::scope;
use crate::services::users::User;

/// One thing that an app gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// The icon before it.
    pub icon: &'static str,
    /// What it is, after "can".
    pub text: &'static str,
    /// The real value.
    pub value: String,
}

/// That tokens are good at `resource` too (RFC 8707).
#[must_use]
pub fn elsewhere(resource: &str) -> Opened {
    Opened { icon: "key", text: "act for you at another service", value: resource.to_owned() }
}

/// What `scopes` open of `user`, one line each, and one for the claims that are `named`.
pub fn opened<'a>(scopes: &Names, named: impl IntoIterator<Item = &'a str>, user: &User) -> Vec<Opened> {
    let item = |icon, text, value: String| Opened { icon, text, value };
    let known = [
        (scope::PROFILE, item("person", "see your name and picture", format!("{}, {}", user.name, user.username))),
        (scope::EMAIL, item("mail", "see your e-mail address", user.email.clone())),
        (scope::ROLES, item("key", "see your roles here", listed(&user.roles))),
        (scope::GROUPS, item("group", "see your groups here", listed(&user.groups))),
        (
            scope::OFFLINE_ACCESS,
            item("again", "stay signed in while you are away", "Until you sign it out under Apps".to_owned()),
        ),
    ];
    let mut items: Vec<Opened> =
        known.into_iter().filter(|(scope, _)| scopes.contains(scope)).map(|(_, item)| item).collect();
    // Other names may stand in what was allowed long ago, and are a client's own words.
    let is_more = |name: &&str| scope::opening(name).is_some_and(|by| !scopes.contains(by));
    let mut named: Vec<&str> = named.into_iter().filter(is_more).collect();
    named.sort_unstable();
    named.dedup();
    if !named.is_empty() {
        items.push(item("list", "see single facts about you", named.join(", ").replace('_', " ")));
    }
    if items.is_empty() {
        items.push(item("person", "recognise you", "By an id that says nothing else".to_owned()));
    }
    items
}

fn listed(names: &Names) -> String {
    match names.as_slice() {
        [] => "None so far".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_a_line_with_its_value() {
        let user = sample();
        let lines = |scopes: &str, named: &[&str]| {
            let items = opened(&scope::words(scopes), named.iter().copied(), &user);
            items.into_iter().map(|it| format!("{}: {}", it.text, it.value)).collect::<Vec<_>>()
        };
        assert_eq!(lines("openid", &["sub"]), ["recognise you: By an id that says nothing else"]);
        assert_eq!(
            lines("openid email groups", &["given_name", "acr", "given_name", "email", "all. It was checked"]),
            [
                "see your e-mail address: maren@fernwood.example",
                "see your groups here: None so far",
                "see single facts about you: given name",
            ]
        );
    }

    fn sample() -> User {
        User {
            id: entity::UserId::from_bytes([7; 12]),
            email: "maren@fernwood.example".into(),
            email_canonical: "maren@fernwood.example".into(),
            email_verified: true,
            name: "Maren Olsen".into(),
            username: "maren.olsen".into(),
            password_hash: None,
            password_changed_at: None,
            roles: Names::default(),
            groups: Names::default(),
            provider: "local".into(),
            picture: None,
            disabled_at: None,
            created_at: entity::Timestamp::default(),
            updated_at: entity::Timestamp::default(),
        }
    }
}
