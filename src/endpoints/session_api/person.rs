//! A person, as the chat's front end knows one.

use poem_openapi::{Object, types::Example};

use crate::clock::rfc3339;
use crate::services::users::{User, chat_role, picture};

/// The signed-in person.
#[derive(Debug, Object)]
#[oai(rename = "User", rename_all = "camelCase", example)]
pub(super) struct Person {
    /// The same as `id`; not in the document.
    #[oai(rename = "_id")]
    mongo_id: String,
    /// The stable id, the `sub` of every token. It is also sent as `_id`, the name that the chat's front end reads.
    id: String,
    /// The name that others see.
    name: String,
    /// The user name.
    username: String,
    /// The e-mail address.
    email: String,
    /// Whether the address is known to be the person's.
    email_verified: bool,
    /// Address of the picture; empty without one.
    avatar: String,
    /// The way in that made the account.
    provider: String,
    /// `ADMIN`, `USER` or the operator's own, upper case.
    role: String,
    /// Whether a second factor is asked at sign-in.
    two_factor_enabled: bool,
    /// When the account was made (RFC 3339).
    created_at: String,
    /// When it was last changed (RFC 3339).
    updated_at: String,
}

impl Person {
    /// The account `user` of the service at `issuer`.
    pub(super) fn of(user: &User, issuer: &str) -> Self {
        Self {
            mongo_id: user.id.to_string(),
            id: user.id.to_string(),
            name: user.name.clone(),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            avatar: picture::address(user, issuer).unwrap_or_default(),
            provider: user.provider.clone(),
            role: chat_role(&user.roles),
            two_factor_enabled: false,
            created_at: rfc3339(user.created_at),
            updated_at: rfc3339(user.updated_at),
        }
    }
}

impl Example for Person {
    fn example() -> Self {
        let id = "5f1d7f3c9a0b4e2d8c6a1b3f".to_owned();
        Self {
            mongo_id: id.clone(),
            id,
            name: "Maren Olsen".into(),
            username: "maren.olsen".into(),
            email: "maren@example.com".into(),
            email_verified: true,
            avatar: String::new(),
            provider: "local".into(),
            role: "USER".into(),
            two_factor_enabled: false,
            created_at: "2026-03-01T14:20:00Z".into(),
            updated_at: "2026-03-01T14:20:00Z".into(),
        }
    }
}
