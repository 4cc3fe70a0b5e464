//! The consent page: what an app gets, in words and with the real values.

use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use super::{Destination, asking, find};
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::{About, Client, host_of};
use crate::services::grants::AuthorizationRequest;
use crate::services::users::User;
use crate::web::form::Form;
use crate::web::initials;
use crate::web::opens::{Opened, elsewhere, opened};
use crate::web::page::Page;
use crate::web::return_to::AUTHORIZE;
use crate::web::visitor::{Member, Visitor};

/// Asks whether an app may know and do what it asks for.
#[derive(Debug, Serialize)]
pub struct ConsentPage {
    /// The app's name.
    pub client: String,
    /// Its first letter, in place of a picture.
    pub initial: String,
    /// The host that the person is sent back to; none for an app on their machine.
    pub host: Option<String>,
    /// The host whose word for it is all that is known of the app; none for one that is known here.
    pub described_by: Option<String>,
    /// Whether nobody here has declared it, so that all of this is its own word.
    pub is_unvouched: bool,
    /// What it gets.
    pub items: Vec<Opened>,
    /// Where it tells of itself.
    pub links: Vec<Link>,
    /// The key of the request.
    pub request: String,
    /// Where to sign in as somebody else.
    pub not_you: String,
}

/// A page of the app, to be read before it is let in.
#[derive(Debug, Serialize)]
pub struct Link {
    /// What it is, in words of ours.
    pub label: &'static str,
    /// Where it is.
    pub address: String,
    /// The host that it is on, so that people see where it leads.
    pub place: String,
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "consent.html";
}

/// What `/consent` is asked with.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsentQuery {
    request: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsentForm {
    request: String,
    decision: Decision,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Allow,
    Cancel,
}

/// `GET /consent`
#[handler]
pub(crate) async fn show(app: App, member: Member, caller: Caller, query: Query<ConsentQuery>) -> Result<Response> {
    let Member { visitor, live } = member;
    let (key, waiting) = find(&app, &visitor, &query.0.request).await?;
    let (client, request) = asking(&app, waiting.request, &caller).await?;
    let base = visitor.web.settings.base_path();
    let page = ConsentPage {
        client: client.name().to_owned(),
        initial: initials::first(client.name()),
        host: host_of(&request.redirect_uri),
        described_by: client.host().filter(|_| client.is_described()),
        is_unvouched: client.is_unvouched(),
        items: items(&request, &live.user),
        links: links(&client),
        not_you: format!("{base}/login?return_to={base}{AUTHORIZE}/{}&again=true", key.expose()),
        request: key.expose().to_owned(),
    };
    let mut response = visitor.show(&page)?;
    visitor.allow_form_to(&mut response, client.ways_on(&request.redirect_uri))?;
    Ok(response)
}

/// What `request` opens of `user`, and where its tokens are good besides.
fn items(request: &AuthorizationRequest, user: &User) -> Vec<Opened> {
    let mut items = opened(&request.scopes(), request.claims.names(), user);
    items.extend(request.resources.iter().map(|one| elsewhere(one)));
    items
}

/// Where `client` tells of itself, as far as people may be led there.
fn links(client: &Client) -> Vec<Link> {
    let label = |about| match about {
        About::Home => "Website",
        About::Privacy => "Privacy policy",
        About::Terms => "Terms of use",
    };
    let pages = client.own_pages().into_iter();
    pages.map(|page| Link { label: label(page.about), address: page.address, place: page.place }).collect()
}

/// `POST /consent`
#[handler]
pub(crate) async fn submit(form: Form<ConsentForm>, app: App, visitor: Visitor, caller: Caller) -> Result<Response> {
    let live = visitor.live.as_ref().ok_or_else(|| Error::from(ErrorKind::Forged))?;
    let (key, waiting) = find(&app, &visitor, &form.request).await?;
    let (_, request) = asking(&app, waiting.request, &caller).await?;
    match form.decision {
        Decision::Allow => {
            app.grants.allow(live.user.id, &key, &request, &caller).await?;
            visitor.lead_to(&format!("{AUTHORIZE}/{}", key.expose()))
        }
        Decision::Cancel => {
            app.grants.give_up(&key).await?;
            let destination = Destination::of(&request, app.config.web.issuer());
            destination.refuse(&visitor, &ErrorKind::AccessDenied.into())
        }
    }
}
