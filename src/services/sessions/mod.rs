//! sessions.

mod settings;

pub use settings::*;
