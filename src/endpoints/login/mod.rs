//! The way in and the way out, as pages.

pub mod logout;
pub mod password;
