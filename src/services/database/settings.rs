//! Settings of the database.

use std::path::PathBuf;

use secrecy::SecretString;

/// Where rows are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `POSTERN_DATABASE_URL`, checked.
    pub location: Location,
    /// `POSTERN_DATABASE_CONNECTIONS`: size of the pool (SQLite: readers).
    pub connections: u32,
}

/// Which database.
#[derive(Clone, Debug)]
pub enum Location {
    /// One file; its folder is made when it is missing.
    Sqlite(PathBuf),
    /// The whole address, which may hold a password.
    Postgres(SecretString),
}
