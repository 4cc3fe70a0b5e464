//! Postern's tables: a row and its columns per file, typed ids, no logic.
//!
//! Each table has one owner among the services; nobody else names its entity.

#![expect(missing_docs, reason = "sea-orm generates columns and relations; the rows say what they hold")]

pub mod access_token;
pub mod audit_event;
pub mod authorization_request;
pub mod ban;
pub mod client;
pub mod client_document;
pub mod connector_flow;
pub mod connector_place;
pub mod consent;
pub mod device_code;
pub mod fact;
pub mod grant;
pub mod identity;
pub mod initial_access_token;
pub mod invalidation;
pub mod outbox;
pub mod picture;
pub mod pushed_request;
pub mod refresh_family;
pub mod revoked_token;
pub mod session;
pub mod signing_key;
pub mod spent_assertion;
pub mod spent_logout_token;
pub mod upstream_session;
pub mod user;
pub mod username;

mod id;
mod names;
mod time;

pub use id::{
    AuditEventId, ClientId, GrantId, IdentityId, MalformedId, OutboxId, RefreshFamilyId, SessionId, TokenHash, UserId,
};
pub use names::Names;
pub use time::Timestamp;
