//! The change of one's password.

use poem::web::Query;
use poem::{Response, handler};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::Done;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::sessions::Live;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::visitor::{Member, Visitor};
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

impl SecurityPage {
    fn new(app: &App, visitor: &Visitor, live: &Live) -> Self {
        Self {
            section: "/account/security",
            email: live.user.email.clone(),
            changed: live.user.password_changed_at.map(|at| When::new(at, visitor.now())),
            problems: Problems::default(),
            least: app.config.users.min_password_length,
            saved: false,
        }
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub struct PasswordForm {
    current_password: String,
    password: String,
}

/// `GET /account/security`
#[handler]
pub(crate) async fn show(app: App, member: Member, done: Query<Done>) -> Result<Response> {
    let Member { visitor, live } = member;
    visitor.show(&SecurityPage { saved: done.0.done.is_some(), ..SecurityPage::new(&app, &visitor, &live) })
}

/// `POST /account/security`
#[handler]
pub(crate) async fn submit(form: Form<PasswordForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let (form, Member { visitor, live }) = (form.into_inner(), member);
    let (present, new) = (SecretString::from(form.current_password), SecretString::from(form.password));
    match app.sign_in.change_password(&caller, &live, &present, &new).await {
        Ok(cookie) => {
            let mut response = visitor.lead_to("/account/security?done=password")?;
            let life = live.session.expires_at.since(visitor.now());
            visitor.put_cookie(&mut response, Cookie::Session, Some((cookie.expose(), life)))?;
            Ok(response)
        }
        Err(error) if error.kind == ErrorKind::InvalidInput => {
            let problems = Problems::of(&error, "");
            visitor.show_again(&SecurityPage { problems, ..SecurityPage::new(&app, &visitor, &live) }, &error)
        }
        Err(error) => Err(error),
    }
}
