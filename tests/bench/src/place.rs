//! A folder with settings and a database, in which servers are started.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::http::post;
use crate::party::{self, Party};
use crate::server::{BOTH, Server, run};

/// The id of the chat backend that introspects.
const CLIENT: &str = "chat-backend";
/// The setting under which the apps of [`party`] are known.
pub const WITH_APPS: &str = "POSTERN_CLIENTS_FILE=clients.toml";
/// Bodies of what clients ask.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The folder, gone with this.
#[derive(Debug)]
pub struct Place {
    folder: tempfile::TempDir,
    postern: String,
    authorization: String,
}

/// A session of a seeded person.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The person's address.
    pub email: String,
    /// The session token.
    pub token: String,
    /// The refresh token, good once.
    pub refresh: String,
}

impl Place {
    /// A fresh folder with `settings` besides those that every figure needs, and one client.
    ///
    /// # Errors
    /// When Postern refuses them.
    pub fn new(settings: &[&str]) -> Result<Self> {
        let root = std::env::var("BENCH_FOLDER").unwrap_or_else(|_| "target/bench".into());
        fs::create_dir_all(&root)?;
        let folder = tempfile::tempdir_in(fs::canonicalize(root)?)?;
        let mut clients =
            fs::File::options().create_new(true).write(true).mode(0o600).open(folder.path().join("clients.toml"))?;
        clients.write_all(party::declared().as_bytes())?;
        // The limits count by address, and all of the load comes from one.
        let common =
            ["POSTERN_LISTEN=127.0.0.1:0", "LOGIN_MAX=10000000", "REGISTER_MAX=10000000", "SESSION_EXPIRY=3600000"];
        fs::write(folder.path().join(".env"), [&common, settings].concat().join("\n"))?;
        let postern = std::env::var("POSTERN").unwrap_or_else(|_| "target/release/postern".into());
        let postern = fs::canonicalize(postern)?.to_string_lossy().into_owned();
        let mut place = Self { folder, postern, authorization: String::new() };
        let added = place.command(&["client", "add", CLIENT, "--introspect", "all", "--json"])?;
        let added: serde_json::Value = serde_json::from_str(&added)?;
        let secret = added["client_secret"].as_str().ok_or("no secret")?;
        place.authorization = format!("authorization: Basic {}\r\n", base64(&format!("{CLIENT}:{secret}")));
        Ok(place)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path().join("data/postern.db")
    }

    /// Starts Postern on `cores`.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(&self, cores: &str) -> Result<Server> {
        Server::start(cores, self.path(), &[&self.postern, "serve"])
    }

    /// Runs a command of Postern.
    ///
    /// # Errors
    /// When it fails.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        run(BOTH, self.path(), &[&[self.postern.as_str()], words].concat())
    }

    /// Makes `count` sessions.
    ///
    /// # Errors
    /// When the database does not take them.
    pub fn seed(&self, count: usize) -> Result<Vec<Seed>> {
        aside(BOTH, self.path(), &["seed", &count.to_string()])?;
        let lines = fs::read_to_string(self.path().join("seeds"))?;
        let seeds = lines.lines().filter_map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            Some(Seed { email: words.next()?, token: words.next()?, refresh: words.next()? })
        });
        Ok(seeds.collect())
    }

    /// Makes at least `count` codes for `party`; answers address and code.
    ///
    /// # Errors
    /// When the database does not take them.
    pub fn codes(&self, party: Party, count: usize) -> Result<Vec<(String, String)>> {
        aside(BOTH, self.path(), &["codes", party.id, &count.to_string()])?;
        let lines = fs::read_to_string(self.path().join("codes"))?;
        let pair = |line: &str| line.split_once(' ').map(|(email, code)| (email.to_owned(), code.to_owned()));
        Ok(lines.lines().filter_map(pair).collect())
    }

    /// The request that inspects `token`.
    #[must_use]
    pub fn introspection(&self, token: &str) -> Vec<u8> {
        post("/oauth2/introspect", &self.authorization, FORM, &format!("token={token}"))
    }
}

/// Runs `words` of ourselves on `cores` in `folder`; answers what was printed.
///
/// # Errors
/// When it fails.
pub fn aside(cores: &str, folder: &Path, words: &[&str]) -> Result<String> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    run(cores, folder, &[&[own.as_str()], words].concat())
}

/// Base64 with padding (RFC 4648 section 4).
#[must_use]
pub fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let number = (0..3).fold(0, |number, at| number << 8 | u32::from(bytes.get(at).copied().unwrap_or(0)));
        let letter = move |at: usize| match at <= bytes.len() {
            true => char::from(LETTERS[(number >> (18 - 6 * at)) as usize % 64]),
            false => '=',
        };
        (0..4).map(letter).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_as_the_rfc_has_it() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(super::base64(plain), encoded);
        }
    }
}
