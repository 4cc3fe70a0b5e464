//! Files that Postern makes for itself: only its user can read them, and each is whole or not there.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::random::Random;

/// Makes the file at `path`, and its folder; false when there is one by that name already, which stays.
///
/// Of several processes that make it at once one does, and the file of that one stands there when
/// any of them returns.
///
/// # Errors
/// What the system says.
pub fn make(path: &Path, text: &str, random: &Random) -> Result<bool> {
    let (folder, draft) = draft(path, text, random)?;
    let made = publish(&draft, path);
    let removed = fs::remove_file(&draft);
    let is_new = made?;
    if removed.is_ok() {
        File::open(folder)?.sync_all()?;
    }
    Ok(is_new)
}

/// Puts a file that holds `text` in the place of the one at `path`, if there is any.
///
/// # Errors
/// What the system says; what stood there before is still there then.
pub fn replace(path: &Path, text: &str, random: &Random) -> Result<()> {
    let (folder, draft) = draft(path, text, random)?;
    if let Err(error) = fs::rename(&draft, path) {
        // Nobody knows its name: left behind it would only lie about.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// Writes `text` under a name that nobody knows, in the folder of `path`.
fn draft<'a>(path: &'a Path, text: &str, random: &Random) -> Result<(&'a Path, PathBuf)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = path.with_added_extension(hex::encode(random.bytes::<8>()));
    match write(&draft, text) {
        Ok(()) => Ok((folder, draft)),
        Err(error) => {
            let _ = fs::remove_file(&draft);
            Err(error)
        }
    }
}

fn write(draft: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    // The umask may have taken more away than others' rights.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives the draft its name, unless something bears that name already. A link does both in one step,
/// where a rename would replace what is there.
fn publish(draft: &Path, path: &Path) -> Result<bool> {
    match fs::hard_link(draft, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        // Some network and desktop file systems know no links; nobody runs two servers on those.
        Err(_) => fs::rename(draft, path).map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_008_files_are_private_whole_and_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (random, path) = (Random::system(), folder.path().join("data/key"));
        let mode = |path: &Path| path.metadata().expect("made").permissions().mode() & 0o777;
        assert!(make(&path, "one", &random).expect("made"));
        assert!(!make(&path, "two", &random).expect("there is one"));
        assert_eq!(fs::read_to_string(&path).expect("read"), "one");
        replace(&path, "three", &random).expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("read"), "three");
        let data = folder.path().join("data");
        assert_eq!((mode(&path), mode(&data)), (0o600, 0o700));
        assert_eq!(fs::read_dir(&data).expect("listed").count(), 1, "no draft is left behind");
        fs::create_dir(data.join("taken")).expect("a folder");
        assert!(replace(&data.join("taken"), "four", &random).is_err());
        assert_eq!(fs::read_dir(&data).expect("listed").count(), 2, "no draft is left behind");
    }
}
