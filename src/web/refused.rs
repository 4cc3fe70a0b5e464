//! Why somebody came back from a provider without being signed in, in words.

use crate::error::ErrorKind;
use crate::web::problems::Problems;

/// What to say of the refusal whose wire code is `code`, by the provider that people call `name`;
/// nothing for a code that nobody is sent back with.
#[must_use]
pub fn problems(code: &str, name: &str) -> Option<Problems> {
    use ErrorKind as Kind;
    let kind = ErrorKind::ALL.iter().find(|kind| kind.code() == code)?;
    let text = match kind {
        Kind::AccessDenied => "The sign-in was stopped there before it was complete. Nothing has changed here.".to_owned(),
        Kind::Unavailable => format!("{name} does not answer right now. Try it once more soon, or sign in another way."),
        Kind::ProviderFailed => {
            format!("What {name} answered cannot be used. Try it once more. If it keeps happening, tell the people who run this service.")
        }
        Kind::RegistrationOff => {
            "You have no account here yet, and signing in this way makes none. Ask the people who run this service for one.".to_owned()
        }
        Kind::EmailMissing => {
            format!("An account needs an e-mail address, and {name} passed none on. Add or confirm one there, allow it to be passed on, and try again.")
        }
        Kind::AccountExists => {
            "There is an account here with the same e-mail address. Sign in the way you did before.".to_owned()
        }
        Kind::Forbidden => {
            format!("The account that {name} vouches for may not come in here. Try another one, or ask the people who run this service.")
        }
        Kind::NotMember => {
            format!("Only members of certain organisations or groups at {name} may come in here, and you were in none of them there. If you are, check that {name} lets this service see it, or use the account that is.")
        }
        Kind::GroupsUnknown => {
            format!("Only members of certain groups at {name} may come in here, and {name} does not tell this service yours. Tell the people who run this service.")
        }
        Kind::OtherTenant => {
            format!("Your organisation at {name} is none of those whose people may come in here. Use an account of the right one.")
        }
        Kind::RoleMissing => {
            format!("Your account at {name} lacks the role that is needed here. Ask whoever manages accounts there for it, then sign in again.")
        }
        Kind::NotProvenAnew => {
            format!("You have to prove once more who you are, and {name} let you through without asking. Use your password or another way in, or sign out at {name} first and try it once more.")
        }
        _ => return None,
    };
    Some(Problems { title: format!("{name} did not sign you in"), text, fields: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_code_says_nothing() {
        assert!(problems("access_denied", "GitHub").is_some_and(|it| it.title == "GitHub did not sign you in"));
        for code in ["not_a_member", "groups_unknown", "other_tenant", "role_missing"] {
            assert!(problems(code, "GitHub").is_some_and(|it| it.text.contains("GitHub")), "{code}");
        }
        for code in ["", "server_error", "<script>", "wrong_credentials"] {
            assert!(problems(code, "GitHub").is_none(), "{code}");
        }
    }
}
