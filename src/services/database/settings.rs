//! Settings of the database.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::env::{Absent, Env, Fault, Parsed, numbers};

/// Where rows are kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `POSTERN_DATABASE_URL`, checked.
    pub location: Location,
    /// `POSTERN_DATABASE_CONNECTIONS`: size of the pool (SQLite: readers; PostgreSQL: one more listens).
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

/// The file that is used when no database is named.
const DEFAULT_FILE: &str = "data/postern.db";

impl Settings {
    /// Reads them.
    pub fn read(env: &mut Env) -> Option<Self> {
        let address = env.secret(
            "POSTERN_DATABASE_URL",
            Absent::Value("sqlite://data/postern.db".into()),
            "The database: sqlite://path/of/a/file or postgres://user:password@host/database.",
        );
        let location = address.and_then(|address| match address {
            None => Some(Location::Sqlite(DEFAULT_FILE.into())),
            Some(address) => locate(&address).map_err(|fault| env.problem("POSTERN_DATABASE_URL", fault)).ok(),
        });
        let connections = env.or(
            "POSTERN_DATABASE_CONNECTIONS",
            "10",
            "Connections to the database, 1 to 200; with SQLite those that read, with PostgreSQL one more listens.",
            |text| numbers::integer(text, 1..=200),
        );
        Some(Self { location: location?, connections: u32::try_from(connections?).ok()? })
    }

    /// Notes a problem where the database is a file that does not exist.
    pub fn expect_file(&self, env: &mut Env) {
        if let Location::Sqlite(file) = &self.location
            && let Ok(false) = file.try_exists()
        {
            let wrong = format!("names {}, which does not exist", file.display());
            let right = "Run this in the server's folder or with its --env-file";
            env.problem("POSTERN_DATABASE_URL", Fault::new(wrong, right));
        }
    }
}

fn locate(address: &SecretString) -> Parsed<Location> {
    let text = address.expose_secret().trim();
    let fault = |wrong| Fault::new(wrong, "Write sqlite://data/postern.db or postgres://user:password@host/database");
    match text.split_once(':') {
        Some(("sqlite", path)) => {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.ends_with('/') || path.contains(['?', '\0']) || path == ":memory:" {
                return Err(fault("does not name a file"));
            }
            Ok(Location::Sqlite(path.into()))
        }
        Some(("postgres" | "postgresql", _)) => match url::Url::parse(text) {
            Ok(url) if url.path().len() > 1 => Ok(Location::Postgres(text.into())),
            _ => Err(fault("is not an address with a host and a database")),
        },
        Some(("mongodb" | "mongodb+srv", _)) => Err(fault("names MongoDB, which keeps the chat's data, not Postern's")),
        Some(("mysql" | "mariadb", _)) => Err(fault("names MySQL, which Postern does not use")),
        _ => Err(fault("is not a database that Postern uses")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_file_from_a_server() {
        let file = |text: &str| match locate(&text.into()) {
            Ok(Location::Sqlite(path)) => path.to_str().map(str::to_owned),
            _ => None,
        };
        assert_eq!(file("sqlite://data/postern.db").as_deref(), Some("data/postern.db"));
        assert_eq!(file("sqlite:///var/lib/postern.db").as_deref(), Some("/var/lib/postern.db"));
        assert_eq!(file("sqlite:postern.db").as_deref(), Some("postern.db"));
        for text in ["postgres://u:p@db/postern?sslmode=require", "postgresql://localhost/x", "postgres:///x?host=/run"]
        {
            assert!(matches!(locate(&text.into()), Ok(Location::Postgres(_))), "{text}");
        }
        for text in [
            "",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://a?mode=ro",
            "mysql://a/b",
            "mongodb://a/b",
            "postgres://a",
            "a/b",
        ] {
            assert!(locate(&text.into()).is_err(), "{text}");
        }
    }
}
