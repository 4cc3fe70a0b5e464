//! The devices on which a person is signed in.

use entity::{SessionId, Timestamp};
use poem::web::Query;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};

use super::Done;
use crate::app::App;
use crate::error::{ErrorKind, Result};
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::sessions::Session;
use crate::web::device::{Device, describe};
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::visitor::Member;
use crate::web::when::When;

/// The list of devices.
#[derive(Debug, Serialize)]
pub struct SessionsPage {
    /// The section of the side list that this page is.
    pub section: &'static str,
    /// The device that asks.
    pub current: Row,
    /// The others, the last used first.
    pub others: Vec<Row>,
    /// Whether one was signed out just now.
    pub ended: bool,
}

/// One device.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The session's id.
    pub id: String,
    /// What it calls itself.
    pub device: Device,
    /// The address from which it signed in.
    pub address: String,
    /// When it was last used.
    pub seen: When,
    /// When it signed in.
    pub started: When,
    /// By what means, to follow "with".
    pub how: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Row {
    /// The row for `session`, read at `now`; `app` is what a device's session is of.
    #[must_use]
    pub fn new(session: &Session, app: Option<&str>, now: Timestamp, current: bool) -> Self {
        Self {
            id: session.id.to_string(),
            device: describe(&session.user_agent),
            address: session.address.clone(),
            seen: When::new(session.seen_at, now),
            started: When::new(session.created_at, now),
            how: how(session, app),
            current,
        }
    }
}

fn how(session: &Session, app: Option<&str>) -> String {
    if let Some(app) = app {
        return format!("a code that {app} showed");
    }
    if session.amr.contains("pwd") { "a password".to_owned() } else { session.provider.clone() }
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "sessions.html";
}

/// Which devices to sign out: `others`, or a session's id.
#[derive(Debug, Deserialize)]
pub struct EndForm {
    end: String,
}

/// `GET /account/sessions`
#[handler]
pub(crate) async fn show(app: App, member: Member, done: Query<Done>) -> Result<Response> {
    let Member { visitor, live } = member;
    let now = visitor.now();
    let sessions = app.sessions.list(live.user.id).await?;
    let devices = app.grants.devices_of(live.user.id).await?;
    let mut others = Vec::new();
    for session in sessions.iter().filter(|it| it.id != live.session.id) {
        let name = match devices.get(&session.id) {
            Some(id) => Some(app.clients.find(id).await?.map_or_else(|| id.to_string(), |it| it.name().to_owned())),
            None => None,
        };
        others.push(Row::new(session, name.as_deref(), now, false));
    }
    visitor.show(&SessionsPage {
        section: "/account/sessions",
        current: Row::new(&live.session, None, now, true),
        others,
        ended: done.0.done.is_some(),
    })
}

/// `POST /account/sessions`
#[handler]
pub(crate) async fn submit(form: Form<EndForm>, app: App, member: Member, caller: Caller) -> Result<Response> {
    let Member { visitor, live } = member;
    let doer = Doer::person(live.user.id, &caller);
    if form.end == "others" {
        app.accounts.end_sessions(live.user.id, Some(live.session.id), doer).await?;
    } else {
        let id: SessionId = form.end.parse().map_err(|_| ErrorKind::NotFound)?;
        // Of one's own sessions only: another person's id is nothing that exists (SEC-034).
        if !app.accounts.end_session(live.user.id, id, doer).await? {
            return Err(ErrorKind::NotFound.into());
        }
    }
    visitor.lead_to("/account/sessions?done=end")
}
