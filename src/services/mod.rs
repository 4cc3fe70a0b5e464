//! What Postern keeps and does. Nothing here knows HTTP. A service may use those listed before it.

pub mod vocabulary;
pub mod caller;
pub mod metrics;
pub mod outgoing;
pub mod database;
pub mod installation;
pub mod certificates;
pub mod shared;
pub mod audit;
pub mod keys;
pub mod clients;
pub mod users;
pub mod moderation;
pub mod sessions;
pub mod outbox;
pub mod back_channel;
pub mod grants;
pub mod registration;
pub mod accounts;
pub mod tokens;
pub mod connectors;
pub mod sign_in;
pub mod change_password;
pub mod sign_up;

#[cfg(test)]
pub(crate) mod testing;
