//! The devices on which a person is signed in.

use entity::{Names, SessionId, UserId, session};

use super::{Album, NOW, minutes_ago};
use crate::endpoints::account::sessions;
use crate::random::Random;

fn device(agent: &str, address: &str, seen: u64, started: u64) -> session::Model {
    let random = Random::system();
    session::Model {
        id: SessionId::from_random(random.bytes()),
        user_id: UserId::from_bytes(random.bytes()),
        cookie_hash: None,
        amr: Names::new(["pwd"]),
        provider: "local".into(),
        created_at: minutes_ago(started),
        seen_at: minutes_ago(seen),
        idle_at: NOW,
        expires_at: NOW,
        authenticated_at: None,
        kept_until: None,
        address: address.into(),
        user_agent: agent.into(),
    }
}

/// The list, with others and without.
pub(super) fn all(album: &Album) {
    let row = |agent: &str, address: &str, seen: u64, started: u64, current: bool| {
        let app = agent.starts_with("fernwood").then_some("Fernwood Terminal");
        sessions::Row::new(&device(agent, address, seen, started), app, NOW, current)
    };
    let here = || row("Mozilla/5.0 (Macintosh; Intel Mac OS X) Firefox/136.0", "203.0.113.24", 0, 9_000, true);
    let others = vec![
        row("Mozilla/5.0 (iPhone) Version/18.3 Safari/604.1", "198.51.100.7", 25, 14_400, false),
        row("Mozilla/5.0 (Windows NT 10.0) Chrome/134.0 Safari/537.36", "192.0.2.150", 180, 400, false),
        row("fernwood-terminal/2.1", "2001:db8:1234:5678:9abc:def0:1234:5678", 2_000, 28_000, false),
    ];
    let page = |others: Vec<sessions::Row>, ended: bool| sessions::SessionsPage {
        section: "/account/sessions",
        current: here(),
        others,
        ended,
    };
    album.add("sessions", &page(others, false));
    album.add("sessions-none", &page(Vec::new(), true));
}
