//! The account at a glance, the change of one's name, and light or dark pages.

use std::time::Duration;

use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use super::Done;
use crate::app::App;
use crate::error::{Error, Result};
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::users::name::check_name;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::{Page, Theme};
use crate::web::problems::Problems;
use crate::web::return_to::ReturnTo;
use crate::web::visitor::{Member, Visitor, see_other};
use crate::web::when::When;

const SECTION: &str = "/account";
/// How long a browser remembers light or dark.
const THEME_KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

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

/// What the form of the name sends.
#[derive(Debug, Deserialize)]
pub struct NameForm {
    name: String,
}

/// What the switch of light and dark sends.
#[derive(Debug, Deserialize)]
pub struct ThemeForm {
    theme: String,
    path: Option<String>,
}

/// `GET /account`
#[handler]
pub(crate) async fn show(member: Member, done: Query<Done>) -> Result<Response> {
    let Member { visitor, live } = member;
    let user = live.user;
    visitor.show(&OverviewPage {
        section: SECTION,
        name: user.name,
        username: user.username,
        email: user.email,
        email_verified: user.email_verified,
        password_changed: user.password_changed_at.map(|at| When::new(at, visitor.now())),
        saved: done.0.done.is_some(),
    })
}

/// `GET /account/name`
#[handler]
pub(crate) async fn show_name(member: Member) -> Result<Response> {
    let Member { visitor, live } = member;
    visitor.show(&NamePage { section: SECTION, name: live.user.name, problems: Problems::default() })
}

/// `POST /account/name`
#[handler]
pub(crate) async fn submit_name(form: Form<NameForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let (name, Member { visitor, live }) = (form.into_inner().name, member);
    if let Some(problem) = check_name(&name) {
        let error = Error::invalid(vec![problem]);
        let problems = Problems::of(&error, "");
        return visitor.show_again(&NamePage { section: SECTION, name, problems }, &error);
    }
    let doer = Doer::person(live.user.id, &caller);
    app.accounts.rename(live.user.id, name.trim().to_owned(), doer).await?;
    visitor.lead_to("/account?done=name")
}

/// `POST /account/theme`
#[handler]
pub(crate) async fn submit_theme(form: Form<ThemeForm>, visitor: Visitor) -> Result<Response> {
    let ThemeForm { theme, path } = form.into_inner();
    let back = ReturnTo::or(path.as_deref(), SECTION, &visitor.web.settings);
    let mut response = see_other(back.as_str())?;
    let theme = Theme::parse(&theme);
    let chosen = (theme != Theme::System).then_some((theme.as_str(), THEME_KEPT));
    visitor.put_cookie(&mut response, Cookie::Theme, chosen)?;
    Ok(response)
}
