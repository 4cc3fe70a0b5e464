//! What Postern keeps and does. Nothing here knows HTTP. A service may use those listed before it.

pub mod clients;
pub mod database;
pub mod moderation;
pub mod sessions;
pub mod shared;
pub mod tokens;
pub mod users;
