//! The way in and the way out, as pages.

pub mod back_channel;
pub mod connector;
pub mod image;
pub mod form_post;
pub mod link;
pub mod logout;
pub mod password;
mod posted;
