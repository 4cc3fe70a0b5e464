//! Signing out: a page that asks, and a page that says it is done.
//!
//! An app that cannot prove that the person wants it (RP-Initiated Logout section 2) has them asked
//! here, and gets them back afterwards.

use std::sync::Arc;

use entity::{ClientId, SessionId};
use poem::http::HeaderMap;
use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Result;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::sessions::Live;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::visitor::{Visitor, see_other};

/// Asks before signing out, and says from where.
#[derive(Debug, Default, Serialize)]
pub struct LogoutPage {
    /// Who is signed in.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The app that asks for it.
    pub client: Option<String>,
    /// What the form holds besides.
    pub fields: Vec<(&'static str, String)>,
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

/// Which app asks for it, and where it wants the person afterwards; in the address and in the form.
#[derive(Debug, Deserialize)]
pub(crate) struct Onward {
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

impl Onward {
    async fn client(&self, app: &App) -> Result<Option<Arc<Client>>> {
        match &self.client_id {
            Some(id) => app.clients.find(&ClientId::new(id)).await,
            None => Ok(None),
        }
    }

    /// Where the person goes afterwards: an address that is registered for the client, or nowhere. Nothing here
    /// proves who asks, so a client that nobody here has declared has none.
    fn address(&self, client: Option<&Client>) -> Option<String> {
        let client = client.filter(|client| !client.is_unvouched())?;
        client.after_logout(self.post_logout_redirect_uri.as_deref()?, self.state.as_deref())
    }

    fn fields(self) -> Vec<(&'static str, String)> {
        let Self { client_id, post_logout_redirect_uri, state } = self;
        let fields =
            [("client_id", client_id), ("post_logout_redirect_uri", post_logout_redirect_uri), ("state", state)];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// `GET /logout`
#[handler]
pub(crate) async fn show(onward: Query<Onward>, app: App, visitor: Visitor, headers: &HeaderMap) -> Result<Response> {
    let sessions = open_here(&app, &visitor, headers).await?;
    let Some(live) = sessions.first() else { return visitor.show(&SignedOutPage {}) };
    let onward = onward.0;
    let client = onward.client(&app).await?;
    let address = onward.address(client.as_deref());
    let away = app.connectors.farewell(&ids(&sessions), address.as_deref()).await?;
    let page = LogoutPage {
        name: live.user.name.clone(),
        email: live.user.email.clone(),
        client: client.map(|client| client.plain_name()),
        fields: onward.fields(),
    };
    let mut response = visitor.show(&page)?;
    match (away, &address) {
        // Nobody knows over which of its hosts the provider leads, and from where they come back to us.
        (Some(_), _) => visitor.allow_form_anywhere(&mut response)?,
        (None, Some(address)) => visitor.allow_form_to(&mut response, [address.as_str()])?,
        (None, None) => {}
    }
    Ok(response)
}

/// `POST /logout`
#[handler]
pub(crate) async fn submit(
    onward: Form<Onward>,
    app: App,
    visitor: Visitor,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<Response> {
    let client = onward.client(&app).await?;
    let sessions = open_here(&app, &visitor, headers).await?;
    let address = onward.address(client.as_deref());
    let away = app.connectors.farewell(&ids(&sessions), address.as_deref()).await?;
    for live in sessions {
        let doer = Doer::person(live.user.id, &caller);
        app.accounts.end_session(live.user.id, live.session.id, doer).await?;
    }
    let mut response = match (away, address) {
        (Some(away), _) => visitor.sign_out_at(&away)?,
        (None, Some(address)) => see_other(&address)?,
        (None, None) => visitor.lead_to("/logout")?,
    };
    visitor.put_cookie(&mut response, Cookie::Session, None)?;
    Ok(response)
}

fn ids(sessions: &[Live]) -> Vec<SessionId> {
    sessions.iter().map(|live| live.session.id).collect()
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
