//! Settings of clients.

use std::path::PathBuf;

use crate::env::{Env, files};

/// Where clients are declared.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `POSTERN_CLIENTS_FILE`: TOML, watched.
    pub file: Option<PathBuf>,
}

impl Settings {
    /// Reads them; what the file says is judged when it is loaded.
    pub fn read(env: &mut Env) -> Option<Self> {
        let file =
            env.optional("POSTERN_CLIENTS_FILE", "", "Clients that are declared in a file (TOML).", files::existing)?;
        Some(Self { file })
    }
}
