//! The way in and the way out, as pages.

pub mod connector;
mod failed;
pub mod logout;
pub mod password;
