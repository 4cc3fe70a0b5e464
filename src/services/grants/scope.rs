//! Scopes: which there are, and what a client and a person make of a request for some.

use entity::Names;

use crate::services::clients::{Client, GrantType};

/// The scope that makes an authorization request one of OpenID Connect (Core section 3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that outlives the browser session (Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scope of name, picture and the like (Core section 5.4).
pub const PROFILE: &str = "profile";
/// The scope of the e-mail address (Core section 5.4).
pub const EMAIL: &str = "email";
/// The scope of the person's roles.
pub const ROLES: &str = "roles";
/// The scope of the person's groups.
pub const GROUPS: &str = "groups";

/// The scopes that a person can grant, as discovery lists them.
pub const OF_PEOPLE: [&str; 6] = [OPENID, PROFILE, EMAIL, ROLES, GROUPS, OFFLINE_ACCESS];
/// The scopes that a client can have on its own authority.
pub const OF_CLIENTS: [&str; 1] = [INTROSPECT];
/// The scope that lets a client ask about tokens with a token of its own.
pub const INTROSPECT: &str = "introspect";

/// Every claim about a person, as discovery lists them, each with the scope that opens it.
pub const CLAIMS: [(&str, &str); 10] = [
    ("name", PROFILE),
    ("given_name", PROFILE),
    ("family_name", PROFILE),
    ("preferred_username", PROFILE),
    ("picture", PROFILE),
    ("updated_at", PROFILE),
    ("email", EMAIL),
    ("email_verified", EMAIL),
    ("roles", ROLES),
    ("groups", GROUPS),
];

/// The scope that opens the claim `name`; none for what is no claim about a person.
#[must_use]
pub fn opening(name: &str) -> Option<&'static str> {
    CLAIMS.iter().find(|(known, _)| *known == name).map(|(_, scope)| *scope)
}

/// The words of a `scope` parameter, each once (RFC 6749 section 3.3).
#[must_use]
pub fn words(text: &str) -> Names {
    Names::new(text.split(' ').filter(|word| !word.is_empty()))
}

/// What of `asked` a person may grant `client`: known scopes that the client may ask for. Unknown
/// ones are left out, as Core section 3.1.2.1 has it; `offline_access` too where the client could
/// not use a refresh token.
#[must_use]
pub fn grantable(asked: &Names, client: &Client) -> Names {
    let may = |scope: &&String| {
        OF_PEOPLE.contains(&scope.as_str())
            && client.may_ask_for(scope)
            && (scope.as_str() != OFFLINE_ACCESS || client.grant_types.contains(&GrantType::RefreshToken))
    };
    Names::new(asked.as_slice().iter().filter(may).cloned())
}

/// Whether every scope of `part` is in `whole`.
#[must_use]
pub fn is_within(part: &Names, whole: &Names) -> bool {
    part.as_slice().iter().all(|scope| whole.contains(scope))
}

/// Scopes with a blank between them, as they stand in tokens and answers.
#[must_use]
pub fn text(scopes: &Names) -> String {
    scopes.as_slice().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_once_each_whatever_the_blanks() {
        assert_eq!(words("  openid email  openid "), Names::new(["openid", "email"]));
        assert_eq!(words(""), Names::default());
        assert_eq!(text(&words("openid  email")), "openid email");
    }

    #[test]
    fn sec_044_wider_is_not_within() {
        let granted = words("openid email");
        assert!(is_within(&words("email"), &granted) && is_within(&Names::default(), &granted));
        assert!(!is_within(&words("email roles"), &granted));
    }
}
