//! What `/login` and `/register` show to somebody who is signed in already.

use serde::Serialize;

use crate::web::page::Page;

/// Says who is signed in and leads on.
#[derive(Debug, Serialize)]
pub struct SignedInPage {
    /// Who is signed in.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Where the person was going, checked; else the chat.
    pub onward: String,
    /// Whether that is the chat itself.
    pub onward_is_chat: bool,
}

impl Page for SignedInPage {
    const TEMPLATE: &'static str = "signed-in.html";
}
