//! Signing out: a page that asks, and a page that says it is done.

use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::visitor::Visitor;

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

/// The form holds nothing but its token.
#[derive(Debug, Deserialize)]
pub struct LogoutForm {}

/// `GET /logout`
#[handler]
pub(crate) async fn show(visitor: Visitor) -> Result<Response> {
    match &visitor.live {
        Some(live) => visitor.show(&LogoutPage { name: live.user.name.clone(), email: live.user.email.clone() }),
        None => visitor.show(&SignedOutPage {}),
    }
}

/// `POST /logout`
#[handler]
pub(crate) async fn submit(_form: Form<LogoutForm>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    if let Some(live) = &visitor.live {
        let doer = Doer::person(live.user.id, &caller);
        app.accounts.end_session(live.user.id, live.session.id, doer).await?;
    }
    let mut response = visitor.lead_to("/logout")?;
    visitor.put_cookie(&mut response, Cookie::Session, None)?;
    Ok(response)
}
