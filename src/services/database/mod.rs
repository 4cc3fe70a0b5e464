//! database.

mod settings;

pub use settings::*;
