//! users.

mod settings;

pub use settings::*;
