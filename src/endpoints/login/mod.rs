//! The way in and the way out, as pages.

pub mod connector;
pub mod image;
pub mod link;
pub mod logout;
pub mod password;
