//! The account at a glance, and the change of one's name.

use serde::Serialize;

use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::when::When;

/// The account at a glance.
#[derive(Debug, Serialize)]
pub struct OverviewPage {
    /// The section of the side list that this page is.
    pub section: &'static str,
    /// The person's name.
    pub name: String,
    /// Their user name.
    pub username: String,
    /// Their e-mail address.
    pub email: String,
    /// Whether it is confirmed.
    pub email_verified: bool,
    /// When the password was set; none: there is none.
    pub password_changed: Option<When>,
    /// Whether something was changed just now.
    pub saved: bool,
}

impl Page for OverviewPage {
    const TEMPLATE: &'static str = "overview.html";
}

/// The form that changes one's name.
#[derive(Debug, Serialize)]
pub struct NamePage {
    /// The section of the side list that this page belongs to.
    pub section: &'static str,
    /// What stands in the field.
    pub name: String,
    /// What was wrong with the last try.
    pub problems: Problems,
}

impl Page for NamePage {
    const TEMPLATE: &'static str = "name.html";
}
