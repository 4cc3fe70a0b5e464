//! Sign-in by e-mail and password.

use serde::Serialize;

use crate::web::page::Page;
use crate::web::problems::Problems;

/// The sign-in page.
#[derive(Debug, Default, Serialize)]
pub struct LoginPage {
    /// What stands in the e-mail field. The password field is always empty.
    pub email: String,
    /// What is said above the form, besides problems.
    pub notice: Option<Notice>,
    /// What was wrong with the last try.
    pub problems: Problems,
    /// Where the person was going, sealed.
    pub return_to: Option<String>,
    /// Whether people may sign up.
    pub sign_up: bool,
    /// Whether a forgotten password can be replaced by mail.
    pub reset: bool,
}

/// Something to say before signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A sign-up was sent: said alike for a new and a known address.
    Registered,
    /// The page that was asked for needs a signed-in person.
    SignInFirst,
}

impl Page for LoginPage {
    const TEMPLATE: &'static str = "login.html";
}
