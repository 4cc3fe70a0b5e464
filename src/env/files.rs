//! Paths.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

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

#[cfg(test)]
mod tests {
    use super::*;

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
