//! Postern's tables: a row and its columns per file, typed ids, no logic.
//!
//! Each table has one owner among the services; nobody else names its entity.

#![expect(missing_docs, reason = "sea-orm generates columns and relations; the rows say what they hold")]

pub mod audit_event;
pub mod ban;
pub mod client;
pub mod fact;
pub mod invalidation;
pub mod refresh_family;
pub mod session;
pub mod user;
pub mod username;

mod id;
mod names;
mod time;

pub use id::{AuditEventId, ClientId, MalformedId, RefreshFamilyId, SessionId, TokenHash, UserId};
pub use names::Names;
pub use time::Timestamp;
