//! The accounts at other providers that open a person's account here: add one, take one away.

use std::time::Duration;

use poem::http::header::{HeaderValue, REFRESH};
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::{Doer, Open};
use crate::services::caller::Caller;
use crate::services::connectors::{Connector, Errand, Kept, LinkKey};
use crate::services::sessions::Live;
use crate::services::users::identity::Identity;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::problems::Problems;
use crate::web::refused;
use crate::web::visitor::{Member, Visitor, see_other};
use crate::web::when::When;

const SECTION: &str = "/account/connections";
/// How old a sign-in may be that changes how one comes in (SEC-035).
const FRESH: Duration = Duration::from_secs(600);

/// The list of connections.
#[derive(Debug, Serialize)]
pub struct ConnectionsPage {
    /// The section of the side list that this page is.
    pub section: &'static str,
    /// What opens the account.
    pub connected: Vec<Connection>,
    /// What could.
    pub more: Vec<Addable>,
    /// What was done just now.
    pub done: Option<String>,
    /// Why nothing was.
    pub problems: Problems,
}

/// What the page is told by a redirect.
#[derive(Debug, Default, Deserialize)]
pub struct ConnectionsQuery {
    done: Option<String>,
    /// The wire code of what a provider came to nothing by.
    failed: Option<String>,
    /// The connector of that provider.
    by: Option<String>,
}

/// One account at another provider.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// The identity's id.
    pub id: String,
    /// What people call the provider.
    pub name: String,
    /// Its kind; none where it is not set up any more.
    pub kind: Option<&'static str>,
    /// What the person recognises it by.
    pub label: String,
    /// When it opened the account last.
    pub used: When,
}

/// One provider that could open the account too.
#[derive(Debug, Serialize)]
pub struct Addable {
    /// The connector's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
}

impl Page for ConnectionsPage {
    const TEMPLATE: &'static str = "connections.html";
}

/// Asks whether an identity that was proven just now is to open the account.
#[derive(Debug, Serialize)]
pub struct ConnectPage {
    /// What people call the provider.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What the person recognises the identity by.
    pub label: String,
    /// The key of what waits.
    pub key: String,
    /// Where the person was going.
    pub return_to: String,
}

impl Page for ConnectPage {
    const TEMPLATE: &'static str = "connect.html";
}

/// Leads on to a provider.
#[derive(Debug, Serialize)]
pub struct LeavingPage {
    /// What people call it.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Where it is.
    pub address: String,
}

impl Page for LeavingPage {
    const TEMPLATE: &'static str = "leaving.html";
}

/// What the forms of the list send.
#[derive(Debug, Deserialize)]
pub struct ChangeForm {
    connect: Option<String>,
    remove: Option<String>,
}

/// `GET /account/connections`
#[handler]
pub(crate) async fn show(app: App, member: Member, query: Query<ConnectionsQuery>) -> Result<Response> {
    let Member { visitor, live } = member;
    let identities = app.users.identities(live.user.id).await?;
    let connected: Vec<Connection> = identities.iter().map(|it| row(&app, &visitor, it)).collect();
    let is_new = |connector: &&Connector| !identities.iter().any(|identity| identity.connector == connector.id);
    let addable = |it: &Connector| Addable { id: it.id.clone(), name: it.name.clone(), kind: it.known.kind };
    let more: Vec<Addable> = app.connectors.list().iter().filter(is_new).map(addable).collect();
    let ConnectionsQuery { done, failed, by } = query.0;
    let problems = failed.zip(by).and_then(|(code, by)| refused::problems(&code, &app.connectors.named(&by)?.name));
    let problems = problems.unwrap_or_default();
    visitor.show(&ConnectionsPage { section: SECTION, connected, more, done, problems })
}

fn row(app: &App, visitor: &Visitor, identity: &Identity) -> Connection {
    let connector = app.connectors.named(&identity.connector);
    Connection {
        id: identity.id.to_string(),
        name: connector.map_or_else(|| identity.connector.clone(), |connector| connector.name.clone()),
        kind: connector.map(|connector| connector.known.kind),
        label: identity.label.clone(),
        used: When::new(identity.used_at, visitor.now()),
    }
}

/// Where somebody is sent whose sign-in is too old for what they want.
fn step_up(visitor: &Visitor, live: &Live) -> Result<Option<Response>> {
    if visitor.now().since(live.session.authenticated_at()) < FRESH {
        return Ok(None);
    }
    let back = format!("{}{SECTION}", visitor.web.settings.base_path());
    let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    visitor.lead_to(&format!("/login?again=true&return_to={back}")).map(Some)
}

/// `POST /account/connections`
#[handler]
pub(crate) async fn submit(form: Form<ChangeForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let Member { visitor, live } = member;
    if let Some(response) = step_up(&visitor, &live)? {
        return Ok(response);
    }
    let user = live.user.id;
    match form.into_inner() {
        ChangeForm { connect: Some(id), remove: None } => {
            let connector = app.connectors.named(&id).ok_or(ErrorKind::NotFound)?;
            let errand = Errand::Link { user, session: live.session.id };
            let address = app.connectors.begin(connector, errand, visitor.browser(), &caller).await?;
            leave(&visitor, connector, address)
        }
        ChangeForm { connect: None, remove: Some(id) } => {
            let id = id.parse().map_err(|_| ErrorKind::NotFound)?;
            let open =
                |connector: &Connector| Open { connector: connector.id.clone(), withdrawn: connector.withdrawn() };
            let open = app.connectors.list().iter().map(open).collect();
            app.accounts.unlink(user, id, open, Doer::person(user, &caller)).await?;
            visitor.lead_to("/account/connections?done=removed")
        }
        ChangeForm { .. } => Err(ErrorKind::InvalidRequest.into()),
    }
}

/// Sends the browser to `address` by a page: after a form, Chromium follows redirects only to where forms
/// may go, and that is nowhere but here.
fn leave(visitor: &Visitor, connector: &Connector, address: String) -> Result<Response> {
    let refresh = HeaderValue::try_from(format!("0;url={address}")).map_err(Error::internal)?;
    let page = LeavingPage { name: connector.name.clone(), kind: connector.known.kind, address };
    let mut response = visitor.show(&page)?;
    response.headers_mut().insert(REFRESH, refresh);
    Ok(response)
}

fn gone() -> Error {
    let words = "This has waited too long, was done already, or was begun in another browser. Begin it again.";
    Error::new(ErrorKind::InvalidRequest, words)
}

/// What waits under `key` for whoever is signed in.
async fn waiting<'a>(app: &'a App, member: &Member, key: &str) -> Result<(Kept, Secret<LinkKey>, &'a Connector)> {
    let key = Secret::<LinkKey>::parse(key).ok_or_else(gone)?;
    let kept = app.connectors.kept(&key, member.visitor.browser()).await?.ok_or_else(gone)?;
    let connector = app.connectors.named(&kept.profile.who.connector).ok_or_else(gone)?;
    if !kept.is_for(&member.live.user) {
        let words = "You are signed in to another account than the one with that address. Sign out, and begin again.";
        return Err(Error::new(ErrorKind::Forbidden, words));
    }
    Ok((kept, key, connector))
}

/// `GET /account/connections/KEY`
#[handler]
pub(crate) async fn ask(Path(key): Path<String>, app: App, member: Member) -> Result<Response> {
    let (kept, _, connector) = waiting(&app, &member, &key).await?;
    member.visitor.show(&ConnectPage {
        name: connector.name.clone(),
        kind: connector.known.kind,
        label: kept.profile.label(),
        key,
        return_to: kept.return_to,
    })
}

/// `POST /account/connections/KEY`
#[handler]
pub(crate) async fn connect(
    Path(key): Path<String>,
    _form: Form<Empty>,
    app: App,
    member: Member,
    caller: Caller,
) -> Result<Response> {
    let (_, key, _) = waiting(&app, &member, &key).await?;
    if let Some(response) = step_up(&member.visitor, &member.live)? {
        return Ok(response);
    }
    let kept = app.connectors.take_kept(&key, member.visitor.browser()).await?.ok_or_else(gone)?;
    let doer = Doer::person(member.live.user.id, &caller);
    app.accounts.link(member.live.user, kept.profile, doer).await?;
    see_other(&kept.return_to)
}

/// A form without fields of its own.
#[derive(Debug, Deserialize)]
pub struct Empty {}
