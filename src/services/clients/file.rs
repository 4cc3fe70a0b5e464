//! The clients file: TOML, one `[[client]]` table each, the problems of it told at once.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use entity::ClientId;
use secrecy::SecretString;
use toml::{Table, Value};
use zeroize::Zeroizing;

use super::client::Client;
use super::declared;
use crate::env::files::{Seen, fingerprint};
use crate::env::open_to_all;
use crate::services::vocabulary::nearest;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// How many problems of a file are told at once.
const MOST_TOLD: usize = 10;
/// How long each of them may be, in characters.
const LONGEST_TOLD: usize = 500;

/// The clients that a file declares.
#[derive(Clone, Debug, Default)]
pub struct FileClients {
    clients: BTreeMap<ClientId, Arc<Client>>,
    /// What is allowed but better done otherwise, as a sentence each.
    pub warnings: Vec<String>,
}

impl FileClients {
    /// The client called `id`.
    #[must_use]
    pub fn get(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.get(id).cloned()
    }

    /// Every client, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.clients.values()
    }
}

/// Reads the clients file at `path`.
///
/// # Errors
/// The first problems, as a sentence each that names the client and the key and shows no secret, and how many more
/// there are.
pub fn load(path: &Path) -> Result<FileClients, Vec<String>> {
    read(path).outcome
}

/// What a reading gave, and the state of every file that it looked into from before it did.
pub(super) struct Reading {
    pub(super) outcome: Result<FileClients, Vec<String>>,
    pub(super) seen: Seen,
}

/// As [`load`], telling also which files it looked into.
pub(super) fn read(path: &Path) -> Reading {
    let mut files = Files { folder: path.parent().map(Path::to_owned).unwrap_or_default(), ..Files::default() };
    let outcome = files.read(path).map_err(|words| vec![format!("{}: {words}", path.display())]);
    let outcome = outcome.and_then(|(text, is_open)| {
        let clients = parse(&text, &mut files)?;
        if is_open && files.holds_secrets {
            files.warnings.push(format!("{}: holds secrets and {}", path.display(), open_to_all(path)));
        }
        Ok(FileClients { clients, warnings: std::mem::take(&mut files.warnings) })
    });
    Reading { outcome: outcome.map_err(bounded), seen: files.seen }
}

/// So many of `problems` as a person reads before they look into the file: one slip may be in each of its tables.
fn bounded(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(MOST_TOLD);
    problems.truncate(MOST_TOLD);
    for problem in &mut problems {
        if let Some((end, _)) = problem.char_indices().nth(LONGEST_TOLD) {
            problem.truncate(end);
            problem.push('…');
        }
    }
    if more > 0 {
        problems.push(format!("and {more} more."));
    }
    problems
}

pub(super) fn parse(text: &str, files: &mut Files) -> Result<BTreeMap<ClientId, Arc<Client>>, Vec<String>> {
    let document: Table = toml::from_str(text).map_err(|error| vec![unreadable(text, &error)])?;
    let mut problems = Vec::new();
    let mut clients = BTreeMap::new();
    for (key, value) in document {
        match (key.as_str(), value) {
            ("client", Value::Array(tables)) => declare(tables, files, &mut clients, &mut problems),
            ("client", _) => problems.push("client: must be a list of tables: write [[client]] above each.".into()),
            (other, _) => {
                let hint = nearest(other, &["client"]).map_or("", |_| " Perhaps `[[client]]` is meant.");
                problems
                    .push(format!("{}: is not known here; only [[client]] tables are.{hint}", other.escape_debug()));
            }
        }
    }
    if problems.is_empty() { Ok(clients) } else { Err(problems) }
}

fn declare(
    tables: Vec<Value>,
    files: &mut Files,
    clients: &mut BTreeMap<ClientId, Arc<Client>>,
    problems: &mut Vec<String>,
) {
    for (place, table) in tables.into_iter().enumerate() {
        let Value::Table(table) = table else {
            problems.push(format!("client number {}: must be a table: write [[client]] above it.", place + 1));
            continue;
        };
        let Some(client) = declared::client(table, place + 1, files, problems) else { continue };
        let id = client.id.clone();
        if clients.insert(id.clone(), Arc::new(client)).is_some() {
            problems.push(format!("client \"{id}\": client_id: is declared twice."));
        }
    }
}

/// The parser's own words quote the line, which may hold a secret.
fn unreadable(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    format!("line {line}: this is not TOML. Look at the quotes, brackets and = signs there and just above.")
}

/// The files of one reading.
#[derive(Default)]
pub(super) struct Files {
    /// What relative paths start from: the folder of the clients file.
    folder: PathBuf,
    seen: Seen,
    pub(super) warnings: Vec<String>,
    /// Whether the clients file itself holds a secret.
    pub(super) holds_secrets: bool,
}

impl Files {
    /// The text of a file that holds nothing but a secret, one line break at its end cut.
    pub(super) fn secret(&mut self, path: &Path) -> Result<SecretString, String> {
        let path = self.folder.join(path);
        let (text, is_open) = self.read(&path).map_err(|words| format!("{}: {words}", path.display()))?;
        if is_open {
            self.warnings.push(format!("{}: {}", path.display(), open_to_all(&path)));
        }
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(text.strip_suffix('\r').unwrap_or(text).into())
    }

    /// The text of `path`, and whether all users of the machine can read it.
    fn read(&mut self, path: &Path) -> Result<(Zeroizing<String>, bool), String> {
        // Looked at before it is read: what changes in between shows at the next look.
        self.seen.push((path.to_owned(), fingerprint(path)));
        let about = std::fs::metadata(path).map_err(|error| format!("cannot be read ({error})."))?;
        check(&about)?;
        let mut text = Zeroizing::new(String::new());
        let file = File::open(path).map_err(|error| format!("cannot be read ({error})."))?;
        file.take(LARGEST).read_to_string(&mut text).map_err(|error| format!("cannot be read ({error})."))?;
        Ok((text, about.mode() & 0o004 != 0))
    }
}

fn check(about: &Metadata) -> Result<(), &'static str> {
    if !about.is_file() {
        return Err("is not a plain file.");
    }
    if about.len() >= LARGEST {
        return Err("is larger than 1 MiB.");
    }
    Ok(())
}
