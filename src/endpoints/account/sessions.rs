//! The devices on which a person is signed in.

use entity::{Timestamp, session};
use serde::Serialize;

use crate::web::device::{Device, describe};
use crate::web::page::Page;
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
    /// The row for `session`, read at `now`.
    #[must_use]
    pub fn new(session: &session::Model, now: Timestamp, current: bool) -> Self {
        Self {
            id: session.id.to_string(),
            device: describe(&session.user_agent),
            address: session.address.clone(),
            seen: When::new(session.seen_at, now),
            started: When::new(session.created_at, now),
            how: how(session),
            current,
        }
    }
}

fn how(session: &session::Model) -> String {
    if session.amr.contains("pwd") { "a password".to_owned() } else { session.provider.clone() }
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "sessions.html";
}
