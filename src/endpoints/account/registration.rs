//! Sign-up by e-mail and password.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::web::Query;
use poem::{Response, handler};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::with_query;
use crate::services::sign_up::Registration;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::return_to::ReturnTo;
use crate::web::visitor::{Visitor, see_other};
use crate::web::ways::Way;

/// How long the sign-in page remembers the address of a sign-up.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// The sign-up page.
#[derive(Debug, Default, Serialize)]
pub struct RegisterPage {
    /// What stands in the name field.
    pub name: String,
    /// What stands in the e-mail field. The password field is always empty.
    pub email: String,
    /// What was wrong with the last try.
    pub problems: Problems,
    /// Where the person was going before: a path of ours.
    pub return_to: Option<String>,
    /// The least length of a password, in characters.
    pub least: usize,
    /// The other ways to get an account.
    pub ways: Vec<Way>,
}

impl RegisterPage {
    fn new(app: &App) -> Self {
        let ways = app.connectors.list().iter().filter(|connector| connector.registration).map(Way::from);
        Self { least: app.config.users.min_password_length, ways: ways.collect(), ..Self::default() }
    }
}

impl Page for RegisterPage {
    const TEMPLATE: &'static str = "register.html";
}

/// What the form sends.
#[derive(Deserialize)]
pub struct RegisterForm {
    name: String,
    email: String,
    password: String,
    return_to: Option<String>,
}

/// What `/register` may be asked with.
#[derive(Debug, Deserialize)]
pub struct RegisterQuery {
    return_to: Option<String>,
}

/// `GET /register`
#[handler]
pub(crate) async fn show(app: App, visitor: Visitor, query: Query<RegisterQuery>) -> Result<Response> {
    if visitor.live.is_some() {
        return see_other(ReturnTo::or(query.return_to.as_deref(), "/account", &visitor.web.settings).as_str());
    }
    if !app.config.users.takes_sign_ups() {
        return Err(ErrorKind::RegistrationOff.into());
    }
    let return_to = query.0.return_to.and_then(|text| ReturnTo::parse(&text, &visitor.web.settings));
    let return_to = return_to.map(|it| it.as_str().to_owned());
    visitor.show(&RegisterPage { return_to, ..RegisterPage::new(&app) })
}

/// `POST /register`
#[handler]
pub(crate) async fn submit(form: Form<RegisterForm>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let RegisterForm { name, email, password, return_to } = form.into_inner();
    let return_to = return_to.and_then(|text| ReturnTo::parse(&text, &visitor.web.settings));
    let password = SecretString::from(password);
    let registration = Registration { name: &name, username: None, email: &email, password: &password, repeated: None };
    match app.sign_up.register(&caller, &registration).await {
        // The same whether or not the address was known.
        Ok(()) => {
            let mut response = visitor.lead_to(&sign_in(return_to.as_ref()))?;
            let address = URL_SAFE_NO_PAD.encode(email.trim());
            visitor.put_cookie(&mut response, Cookie::SignedUp, Some((&address, REMEMBERED)))?;
            Ok(response)
        }
        Err(error) if matches!(error.kind, ErrorKind::InvalidInput | ErrorKind::Forbidden) => {
            let problems = Problems::of(&error, "No account was made");
            let return_to = return_to.map(|it| it.as_str().to_owned());
            visitor.show_again(&RegisterPage { name, email, problems, return_to, ..RegisterPage::new(&app) }, &error)
        }
        Err(error) => Err(error),
    }
}

/// The sign-in page, from where the person goes on.
fn sign_in(return_to: Option<&ReturnTo>) -> String {
    let carried = return_to.map(|it| ("return_to", it.as_str()));
    with_query("/login", carried)
}
