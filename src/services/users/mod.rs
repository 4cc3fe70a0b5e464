//! users.

mod settings;
pub mod email;
pub mod username;

pub use settings::*;
