//! Paths, and whether what stands there has changed.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::fault::{Fault, Parsed};

/// The path of a file that can be opened.
///
/// # Errors
/// No such file, or no right to read it.
pub fn existing(text: &str) -> Parsed<PathBuf> {
    let path = Path::new(text);
    match File::open(path).and_then(|file| file.metadata()) {
        Ok(metadata) if metadata.is_file() => Ok(path.into()),
        Ok(_) => Err(Fault::new("names something that is not a file", "Name a file")),
        Err(error) => Err(Fault::new(
            format!("names a file that cannot be read: {error}"),
            "Name a file that exists and that this user may read",
        )),
    }
}

/// The path of a folder that can be listed.
///
/// # Errors
/// No such folder, or no right to list it.
pub fn folder(text: &str) -> Parsed<PathBuf> {
    fs::read_dir(text).map(|_| text.into()).map_err(|error| {
        let wrong = format!("names a folder that cannot be read: {error}");
        Fault::new(wrong, "Name a folder that exists and that this user may read")
    })
}

/// The text of the plain file at `path`, of fewer than `most` bytes, and whether every user of the machine can
/// read it.
///
/// # Errors
/// Words for the operator.
pub fn text(path: &Path, most: u64) -> Result<(Zeroizing<String>, bool), String> {
    let cannot = |error: std::io::Error| format!("cannot be read ({error}).");
    // Looked at before it is opened: a pipe would wait for somebody to write.
    let about = fs::metadata(path).map_err(cannot)?;
    if !about.is_file() {
        return Err("is not a plain file.".to_owned());
    }
    if about.len() >= most {
        return Err(format!("is larger than {} MiB.", most >> 20));
    }
    let mut text = Zeroizing::new(String::new());
    File::open(path).and_then(|file| file.take(most).read_to_string(&mut text)).map_err(cannot)?;
    Ok((text, about.mode() & 0o004 != 0))
}

/// How long changed files have to stand still before they are read.
const SETTLED: Duration = Duration::from_millis(100);

/// Files and what they looked like.
pub type Seen = Vec<(PathBuf, Option<Fingerprint>)>;

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    place: (u64, u64),
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What `path` looks like; none when it cannot be seen.
#[must_use]
pub fn fingerprint(path: &Path) -> Option<Fingerprint> {
    fs::metadata(path).ok().map(|it| Fingerprint {
        place: (it.dev(), it.ino()),
        length: it.len(),
        modified: (it.mtime(), it.mtime_nsec()),
        changed: (it.ctime(), it.ctime_nsec()),
    })
}

/// Whether one of these files has changed and all stand still now; waits a moment to see that.
#[must_use]
pub fn have_changed(seen: &Seen) -> bool {
    look(seen) != *seen && stand_still(seen)
}

/// Whether these files stand still, changed or not; waits a moment to see that.
#[must_use]
pub fn stand_still(seen: &Seen) -> bool {
    let first = look(seen);
    // An editor empties the file and writes it: what is half there may well be valid.
    std::thread::sleep(SETTLED);
    look(seen) == first
}

fn look(seen: &Seen) -> Seen {
    seen.iter().map(|(path, _)| (path.clone(), fingerprint(path))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As secrets come to containers, and as certbot renews: what a link leads to is exchanged whole.
    #[test]
    fn another_end_of_a_link_is_a_change_and_so_is_another_text_of_the_same_length() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let lead_to = |name: &str| {
            std::os::unix::fs::symlink(at(name), at("next")).expect("a link");
            fs::rename(at("next"), at("data")).expect("moved");
        };
        for name in ["one", "two"] {
            fs::create_dir(at(name)).expect("a folder");
            fs::write(at(name).join("key"), name).expect("written");
        }
        lead_to("one");
        std::os::unix::fs::symlink(at("data").join("key"), at("key")).expect("a link");
        let path = at("key");
        let seen = || vec![(path.clone(), fingerprint(&path))];
        let first = seen();
        assert!(!have_changed(&first));
        lead_to("two");
        assert!(have_changed(&first));
        let second = seen();
        fs::write(at("new"), "TWO").expect("written");
        fs::rename(at("new"), at("two").join("key")).expect("moved");
        assert!(have_changed(&second));
        fs::remove_file(at("data")).expect("removed");
        assert!(have_changed(&second) && fingerprint(&path).is_none());
    }

    #[test]
    fn only_what_exists_is_taken() {
        let folder_path = tempfile::tempdir().expect("a folder");
        let file = folder_path.path().join("clients.toml");
        fs::write(&file, "").expect("written");
        let (folder_text, file) = (folder_path.path().to_str().expect("UTF-8"), file.to_str().expect("UTF-8"));
        assert!(existing(file).is_ok() && existing(folder_text).is_err() && existing("no/such/file").is_err());
        assert!(folder(folder_text).is_ok() && folder(file).is_err() && folder("no/such/folder").is_err());
    }
}
