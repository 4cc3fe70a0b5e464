//! The apps that a person has let in.

use entity::ClientId;
use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use super::Done;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::tokens::Admitted;
use crate::web::form::Form;
use crate::web::initials;
use crate::web::opens::{Opened, opened};
use crate::web::page::Page;
use crate::web::visitor::Member;
use crate::web::when::When;

const SECTION: &str = "/account/apps";

/// The list of apps.
#[derive(Debug, Serialize)]
pub struct AppsPage {
    /// The section of the side list that this page is.
    pub section: &'static str,
    /// The apps, the last used first.
    pub apps: Vec<AppRow>,
    /// Whether one was signed out just now.
    pub ended: bool,
}

/// One app.
#[derive(Debug, Serialize)]
pub struct AppRow {
    /// The client's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its first letter, in place of a picture.
    pub initial: String,
    /// The host by which it is known; none for an app on the person's own machine.
    pub host: Option<String>,
    /// What it gets.
    pub items: Vec<Opened>,
    /// The other services at which it can act for the person.
    pub elsewhere: Vec<String>,
    /// When it was first let in.
    pub since: When,
    /// When it was last used; none: it holds nothing now.
    pub used: Option<When>,
}

impl Page for AppsPage {
    const TEMPLATE: &'static str = "apps.html";
}

/// Which app to sign out.
#[derive(Debug, Deserialize)]
pub struct EndForm {
    end: String,
}

/// `GET /account/apps`
#[handler]
pub(crate) async fn show(app: App, member: Member, done: Query<Done>) -> Result<Response> {
    let mut apps = Vec::new();
    for admitted in app.tokens.admitted(member.live.user.id).await? {
        let client = app.clients.find(&admitted.client_id).await?;
        apps.push(row(&member, &admitted, client.as_deref()));
    }
    member.visitor.show(&AppsPage { section: SECTION, apps, ended: done.0.done.is_some() })
}

/// A client that is gone keeps what it was given until that ends; its id is all that is known of it.
fn row(member: &Member, admitted: &Admitted, client: Option<&Client>) -> AppRow {
    let now = member.visitor.now();
    let name = client.map_or(admitted.client_id.as_str(), Client::name);
    let claims = admitted.claims.as_slice().iter().map(String::as_str);
    AppRow {
        id: admitted.client_id.as_str().to_owned(),
        name: name.to_owned(),
        initial: initials::first(name),
        host: client.and_then(Client::host),
        items: opened(&admitted.scope, claims, &member.live.user),
        elsewhere: admitted.resources.as_slice().to_vec(),
        since: When::new(admitted.since, now),
        used: admitted.used.map(|used| When::new(used, now)),
    }
}

/// `POST /account/apps`
#[handler]
pub(crate) async fn submit(form: Form<EndForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let Member { visitor, live } = member;
    let client = ClientId::new(form.end.as_str());
    // Of one's own apps only (SEC-034).
    if !app.tokens.admitted(live.user.id).await?.iter().any(|it| it.client_id == client) {
        return Err(ErrorKind::NotFound.into());
    }
    app.grants.withdraw(live.user.id, &client, &caller).await?;
    visitor.lead_to("/account/apps?done=end")
}
