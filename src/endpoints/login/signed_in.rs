//! What `/login` shows to somebody who is signed in already.

use entity::user;
use serde::Serialize;

use crate::web::page::Page;
use crate::web::return_to::ReturnTo;
use crate::web::settings::Settings;

/// Says who is signed in and leads on.
#[derive(Debug, Serialize)]
pub struct SignedInPage {
    /// Who is signed in.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Where the person was going, a path of ours; else the chat, where we know it.
    pub onward: Option<String>,
    /// Whether that is the chat itself.
    pub onward_is_chat: bool,
}

impl SignedInPage {
    /// For `user`, who was going to `return_to`.
    #[must_use]
    pub fn new(user: &user::Model, return_to: Option<&ReturnTo>, settings: &Settings) -> Self {
        let chat = settings.domain_client.as_ref().map(ToString::to_string);
        let onward_is_chat = return_to.is_none() && chat.is_some();
        let onward = return_to.map(|it| it.as_str().to_owned()).or(chat);
        Self { name: user.name.clone(), email: user.email.clone(), onward, onward_is_chat }
    }
}

impl Page for SignedInPage {
    const TEMPLATE: &'static str = "signed-in.html";
}
