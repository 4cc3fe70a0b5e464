//! Signing out: a page that asks, and a page that says it is done.

use serde::Serialize;

use crate::web::page::Page;

/// Asks before signing out, and says from where.
#[derive(Debug, Serialize)]
pub struct LogoutPage {
    /// Who is signed in.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

impl Page for LogoutPage {
    const TEMPLATE: &'static str = "logout.html";
}

/// Says that nobody is signed in any more.
#[derive(Debug, Serialize)]
pub struct SignedOutPage {}

impl Page for SignedOutPage {
    const TEMPLATE: &'static str = "signed-out.html";
}
