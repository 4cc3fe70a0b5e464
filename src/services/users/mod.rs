//! users.

mod settings;
pub mod email;
pub mod password;
pub mod policy;
pub mod username;

pub use settings::*;
