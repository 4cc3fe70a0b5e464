//! Answers that a provider has the browser post here (OAuth 2.0 Form Post Response Mode).
//!
//! A form of another site's page comes without our cookies, so nobody can tell which browser it is. A
//! page of ours is shown then, which sends the same once more; that comes with them.

use poem::http::header::SET_COOKIE;
use poem::{Request, Response, handler};
use serde::Serialize;

use super::connector::{Coming, returned};
use super::posted::Posted;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::web::page::Page;
use crate::web::visitor::Visitor;

/// The field that says that our own page sends it.
const ONCE_MORE: &str = "once_more";

/// Sends what came once more.
#[derive(Debug, Serialize)]
pub struct OnceMorePage {
    /// The callback address.
    pub action: String,
    /// What the provider had the browser post.
    pub fields: Vec<(String, String)>,
}

impl Page for OnceMorePage {
    const TEMPLATE: &'static str = "form-post.html";
}

/// `POST` at the callback path of a connector whose answers come as a form.
#[handler]
pub(crate) async fn receive(
    request: &Request,
    posted: Posted,
    app: App,
    visitor: Visitor,
    caller: Caller,
) -> Result<Response> {
    let connector = app.connectors.at(request.uri().path()).filter(|one| one.known.answers_by_form());
    let connector = connector.ok_or(ErrorKind::NotFound)?;
    if posted.value(ONCE_MORE).is_none() {
        return once_more(&app.connectors.callback(connector), posted, &visitor);
    }
    let state = posted.value("state").unwrap_or_default();
    let returned = returned(&|name: &str| posted.value(name));
    Coming { app: &app, visitor: &visitor, caller: &caller, connector }.back(&state, &returned).await
}

fn once_more(callback: &str, posted: Posted, visitor: &Visitor) -> Result<Response> {
    let mut fields = posted.into_fields();
    fields.push((ONCE_MORE.to_owned(), "yes".to_owned()));
    let mut response = visitor.show(&OnceMorePage { action: callback.to_owned(), fields })?;
    // This browser seems to have no cookie only because of where the form comes from: a new one would
    // take the place of that by which it is known.
    response.headers_mut().remove(SET_COOKIE);
    visitor.allow_form_anywhere(&mut response)?;
    Ok(response)
}
