//! Sign-up by e-mail and password.

use serde::Serialize;

use crate::web::page::Page;
use crate::web::problems::Problems;

/// The sign-up page.
#[derive(Debug, Default, Serialize)]
pub struct RegisterPage {
    /// What stands in the name field.
    pub name: String,
    /// What stands in the e-mail field. The password field is always empty.
    pub email: String,
    /// What was wrong with the last try.
    pub problems: Problems,
    /// The least length of a password, in characters.
    pub least: usize,
}

impl Page for RegisterPage {
    const TEMPLATE: &'static str = "register.html";
}
