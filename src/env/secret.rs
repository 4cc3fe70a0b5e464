//! Secrets, given as they are or by the file that holds them.

use std::fs::{self, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Absent, Env, Fault, Origin, Parsed, files};

/// No secret of ours is near this size; a mistaken path may be.
const LARGEST: u64 = 64 * 1024;
const REDACTED: &str = "[redacted]";

impl Env {
    /// A secret: the value of `name`, or the text of the file that `name_FILE` names, one newline at
    /// its end cut. None when it has a problem.
    pub fn secret(&mut self, name: &'static str, default: Absent, about: &'static str) -> Option<Option<SecretString>> {
        self.know(name, default, about, true);
        if self.unreadable.contains(name) {
            self.problem(name, Fault::new("is not UTF-8", "Write it in UTF-8"));
            return None;
        }
        let by_file = format!("{name}_FILE");
        match (self.is_set(name), self.is_set(&by_file)) {
            (true, true) => {
                let wrong = format!("is given twice, {by_file} gives it too");
                self.problem(name, Fault::new(wrong, "Keep one of them"));
                None
            }
            (true, false) => Some(self.given_secret(name)),
            (false, true) => self.secret_of_file(name, &by_file).map(Some),
            (false, false) => Some(None),
        }
    }

    /// The path of a file that holds a secret for as long as Postern runs: as `name` or as `name_FILE`,
    /// which say the same here. None when it has a problem.
    pub fn secret_path(&mut self, name: &'static str, about: &'static str) -> Option<Option<PathBuf>> {
        self.know(name, Absent::Words(""), about, true);
        let by_file = format!("{name}_FILE");
        let given = match (self.is_set(name), self.is_set(&by_file)) {
            (true, true) => {
                let wrong = format!("is given twice, {by_file} gives it too");
                self.problem(name, Fault::new(wrong, "Keep one of them"));
                return None;
            }
            (true, false) => name,
            (false, true) => &by_file,
            (false, false) if self.unreadable.contains(name) => {
                self.problem(name, Fault::new("is not UTF-8", "Write it in UTF-8"));
                return None;
            }
            (false, false) => return Some(None),
        };
        let text = self.given.get(given)?.value.clone();
        self.in_force(name, REDACTED);
        self.came_from(name, self.origin(given));
        let path = self.noted(given, named(text.expose_secret().trim()))?;
        self.in_force(name, path.display());
        if fs::metadata(&path).is_ok_and(|it| is_open_to_all(&it)) {
            self.warn_open(given, &path);
        }
        Some(Some(path))
    }

    /// Says that a secret was made and is kept in `path`.
    pub fn made(&mut self, name: &str, path: &Path) {
        self.in_force(name, REDACTED);
        self.came_from(name, Origin::Made(path.into()));
    }

    fn given_secret(&mut self, name: &'static str) -> Option<SecretString> {
        let given = self.given.get(name)?;
        let (value, origin) = (given.value.clone(), given.origin.clone());
        self.in_force(name, REDACTED);
        if let Origin::File(path, _) = &origin
            && self.open_file.take_if(|open| open == path).is_some()
        {
            self.warn_open(name, path);
        }
        self.came_from(name, origin);
        Some(value)
    }

    fn secret_of_file(&mut self, name: &'static str, by_file: &str) -> Option<SecretString> {
        let path = PathBuf::from(self.given.get(by_file)?.value.expose_secret().trim());
        self.in_force(name, REDACTED);
        self.came_from(name, Origin::SecretFile(path.clone()));
        let (secret, metadata) = self.noted(by_file, read(&path))?;
        if is_open_to_all(&metadata) {
            self.warn_open(by_file, &path);
        }
        Some(secret)
    }

    fn warn_open(&mut self, name: &str, path: &Path) {
        self.warn(name, format!("{} {}", path.display(), open_to_all(path)));
    }
}

fn named(text: &str) -> Parsed<PathBuf> {
    if text.starts_with("-----BEGIN") {
        return Err(Fault::new("holds the secret itself", "Write it into a file and name that file here"));
    }
    files::existing(text)
}

fn read(path: &Path) -> Parsed<(SecretString, Metadata)> {
    let fault = |why: &dyn std::fmt::Display| {
        let wrong = format!("names a file that cannot be read, {}: {why}", path.display());
        Fault::new(wrong, "Name a file that holds the secret and that this user may read")
    };
    let file = fs::File::open(path).map_err(|error| fault(&error))?;
    let metadata = file.metadata().map_err(|error| fault(&error))?;
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| fault(&error))?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if secret.is_empty() || text.len() as u64 > LARGEST {
        return Err(fault(&"it is empty, or far too large"));
    }
    Ok((secret.into(), metadata))
}

/// What is wrong with a file at `path` that every user of this machine may read, and what mends it.
#[must_use]
pub(crate) fn open_to_all(path: &Path) -> String {
    format!("can be read by every user of this machine. Take that right away: chmod o-r '{}'", path.display())
}

/// Whether every user of this machine may read the file.
#[must_use]
pub(crate) fn is_open_to_all(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o004 != 0
}
