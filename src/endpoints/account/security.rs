//! The change of one's password.

use serde::Serialize;

use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::when::When;

/// The form that changes one's password.
#[derive(Debug, Serialize)]
pub struct SecurityPage {
    /// The section of the side list that this page is.
    pub section: &'static str,
    /// The person's e-mail address, so that password managers know whose password this is.
    pub email: String,
    /// When the password was last changed; none: there is none.
    pub changed: Option<When>,
    /// What was wrong with the last try.
    pub problems: Problems,
    /// The least length of a password, in characters.
    pub least: usize,
    /// Whether it was changed just now.
    pub saved: bool,
}

impl Page for SecurityPage {
    const TEMPLATE: &'static str = "security.html";
}
