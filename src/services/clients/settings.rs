//! Settings of clients.

use std::path::PathBuf;

/// Where clients are declared.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `POSTERN_CLIENTS_FILE`: TOML, watched.
    pub file: Option<PathBuf>,
}
