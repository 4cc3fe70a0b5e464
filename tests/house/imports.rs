//! Which module names which: the bands, the endpoints, the tables.

use super::tree::File;

/// Where the services stand in their order, the lowest first; each may use those before it.
const SERVICES: &str = include_str!("../../src/services/mod.rs");

/// Each table and the service that owns it.
const OWNERS: [(&str, &str); 27] = [
    ("user", "users"),
    ("username", "users"),
    ("identity", "users"),
    ("picture", "users"),
    ("connector_flow", "connectors"),
    ("connector_place", "connectors"),
    ("upstream_session", "connectors"),
    ("spent_logout_token", "connectors"),
    ("fact", "installation"),
    ("session", "sessions"),
    ("refresh_family", "tokens"),
    ("ban", "moderation"),
    ("client", "clients"),
    ("client_document", "clients"),
    ("initial_access_token", "registration"),
    ("spent_assertion", "clients"),
    ("signing_key", "keys"),
    ("grant", "grants"),
    ("authorization_request", "grants"),
    ("pushed_request", "grants"),
    ("device_code", "grants"),
    ("consent", "grants"),
    ("access_token", "tokens"),
    ("revoked_token", "tokens"),
    ("outbox", "outbox"),
    ("audit_event", "audit"),
    ("invalidation", "shared"),
];

/// The one read that joins the tables of others, and its rows: is this session alive, and whose is it?
const LIVE_READ: [&str; 2] = ["src/services/sessions/live.rs", "src/services/sessions/row.rs"];

/// What all endpoints name, for the chapter of the document that they belong to; it puts their parts together.
const DOCUMENT: &str = "document";

/// Every service, in their order.
pub(crate) fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
}

/// How high a service stands among the others.
fn rank(service: &str) -> Option<usize> {
    services().position(|name| name == service)
}

/// How high a module stands; `None` where the rule says nothing of it.
fn height(module: &[String]) -> Option<usize> {
    let names: Vec<&str> = module.iter().map(String::as_str).collect();
    Some(match names.as_slice() {
        ["clock" | "random" | "env" | "error" | "secret", ..] => 0,
        ["services", service, ..] => rank(service).map_or(99, |at| at + 1),
        ["services"] => 100,
        ["config", ..] => 102,
        ["app", ..] => 103,
        ["web", ..] => 104,
        ["endpoints", ..] => 105,
        ["routes" | "jobs" | "server" | "cli", ..] | [] => 106,
        _ => return None,
    })
}

/// A module that names one above it.
pub(crate) fn upward(file: &File) -> Vec<String> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let Some(own) = height(&file.module()) else { return vec![file.offence("stands in no band")] };
    let above = |path: &&Vec<String>| !path.is_empty() && height(path).is_some_and(|it| it > own);
    named(file).iter().filter(above).map(|path| file.offence(&format!("names crate::{}", path.join("::")))).collect()
}

/// An endpoint that names another area of endpoints; what two share is a verb of a service.
pub(crate) fn between_endpoints(file: &File) -> Vec<String> {
    let own = file.module();
    if own.first().is_none_or(|band| band != "endpoints") || own.get(1).is_none_or(|area| area == DOCUMENT) {
        return Vec::new();
    }
    let foreign = |path: &&Vec<String>| match path.as_slice() {
        [band, area, ..] => band == "endpoints" && *area != own[1] && area != DOCUMENT,
        _ => false,
    };
    named(file).iter().filter(foreign).map(|path| file.offence(&format!("names {}", path.join("::")))).collect()
}

/// A table that is named outside the service that owns it.
pub(crate) fn foreign_table(file: &File) -> Vec<String> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let product = file.product();
    let tables = after(&product, "entity::").into_iter().filter_map(|path| path.into_iter().next());
    let owned = |owner: &str| {
        let home = format!("src/services/{owner}");
        file.path.starts_with(&format!("{home}/"))
            || file.path == format!("{home}.rs")
            || LIVE_READ.contains(&file.path.as_str())
    };
    let offence = |table: String| {
        let (_, owner) = OWNERS.iter().find(|(name, _)| *name == table)?;
        (!owned(owner)).then(|| file.offence(&format!("names entity::{table}, which belongs to {owner}")))
    };
    tables.filter_map(offence).collect()
}

/// Every path into our own crate that the file names, as segments below the crate.
fn named(file: &File) -> Vec<Vec<String>> {
    let (product, module) = (file.product(), file.module());
    let mut paths = after(&product, "crate::");
    for path in after(&product, "super::") {
        let ups = 1 + path.iter().take_while(|segment| *segment == "super").count();
        let home = &module[..module.len().saturating_sub(ups)];
        paths.push(home.iter().cloned().chain(path.into_iter().skip(ups - 1)).collect());
    }
    paths
}

/// The paths that follow each `root`, a braced group spread out into one path for each of its leaves.
fn after(text: &str, root: &str) -> Vec<Vec<String>> {
    // A visibility, `pub(in crate::services)`, names nothing.
    let whole = |at: &usize| {
        let before = &text[..*at];
        !before.ends_with(|it: char| it.is_alphanumeric() || it == '_' || it == ':') && !before.ends_with("(in ")
    };
    let starts = text.match_indices(root).map(|(at, _)| at).filter(whole);
    starts.flat_map(|at| leaves(&mut text[at + root.len()..].chars().peekable())).collect()
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads one branch of a use tree: `a::b`, `a::{b, c::d}`, `{a, b}`.
fn leaves(text: &mut Chars<'_>) -> Vec<Vec<String>> {
    skip_blanks(text);
    if text.next_if_eq(&'{').is_some() {
        let mut all = Vec::new();
        loop {
            all.extend(leaves(text));
            // What stands between a leaf and its comma: `as name`, a star, blanks.
            while text.next_if(|it| !matches!(it, ',' | '}')).is_some() {}
            if text.next() != Some(',') {
                return all;
            }
        }
    }
    let mut segment = String::new();
    while let Some(it) = text.next_if(|it| it.is_alphanumeric() || *it == '_') {
        segment.push(it);
    }
    if segment.is_empty() {
        return vec![Vec::new()];
    }
    if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
        return vec![vec![segment]];
    }
    leaves(text).into_iter().map(|rest| [vec![segment.clone()], rest].concat()).collect()
}

fn skip_blanks(text: &mut Chars<'_>) {
    while text.next_if(|it| it.is_whitespace()).is_some() {}
}
