//! The way in and the way out, as pages.

pub mod connector;
pub mod link;
pub mod logout;
pub mod password;
