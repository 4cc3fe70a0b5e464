//! clients.

mod settings;

pub use settings::*;
