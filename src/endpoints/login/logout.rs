//! Signing out: a page that asks, and a page that says it is done.

use poem::http::HeaderMap;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::sessions::Live;
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
pub(crate) async fn show(app: App, visitor: Visitor, headers: &HeaderMap) -> Result<Response> {
    match open_here(&app, &visitor, headers).await?.first() {
        Some(live) => visitor.show(&LogoutPage { name: live.user.name.clone(), email: live.user.email.clone() }),
        None => visitor.show(&SignedOutPage {}),
    }
}

/// `POST /logout`
#[handler]
pub(crate) async fn submit(
    _form: Form<LogoutForm>,
    app: App,
    visitor: Visitor,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<Response> {
    for live in open_here(&app, &visitor, headers).await? {
        let doer = Doer::person(live.user.id, &caller);
        app.accounts.end_session(live.user.id, live.session.id, doer).await?;
    }
    let mut response = visitor.lead_to("/logout")?;
    visitor.put_cookie(&mut response, Cookie::Session, None)?;
    Ok(response)
}

/// Every session that is open in this browser: ours, and the chat's where a genuine refresh token came
/// along, whosever account it is of. The cookie that holds that one is the chat's and stays: it opens
/// nothing any more.
async fn open_here(app: &App, visitor: &Visitor, headers: &HeaderMap) -> Result<Vec<Live>> {
    let mut sessions: Vec<Live> = visitor.live.iter().cloned().collect();
    if let Some(token) = visitor.web.cookies.read(headers, Cookie::RefreshToken) {
        sessions.extend(app.tokens.session_of_refresh_token(token).await?);
    }
    Ok(sessions)
}
