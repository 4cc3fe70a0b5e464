//! Settings of the HTTP surface and of the pages' looks.

pub use crate::config::web::{Listen, Settings};
pub use crate::config::{Looks, Picture};
