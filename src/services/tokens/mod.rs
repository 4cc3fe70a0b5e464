//! tokens.

mod settings;

pub use settings::*;
