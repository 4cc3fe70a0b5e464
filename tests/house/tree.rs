//! The files that the rules read.

use std::path::Path;
use std::process::Command;

/// A file of the repository.
pub(crate) struct File {
    /// Relative to the repository's root.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// Whether it is only there for tests.
    for_tests: bool,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), for_tests: false }
    }

    /// The text that ends up in the program: without comments, and without the tests at the end.
    pub(crate) fn product(&self) -> String {
        let text = match self.text.split_once("#[cfg(test)]\nmod tests {") {
            _ if self.for_tests => "",
            Some((text, _)) => text,
            None => &self.text,
        };
        text.lines().map(strip_comment).collect::<Vec<_>>().join("\n")
    }

    /// The module that the file is, as path segments below the crate: `src/web/mod.rs` is `[web]`.
    pub(crate) fn module(&self) -> Vec<String> {
        let Some(inner) = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return Vec::new();
        };
        let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        module
    }

    /// The files of the modules that this file declares for tests only.
    fn test_modules(&self) -> Vec<String> {
        let mut declared = self.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next());
        let names =
            declared.by_ref().filter_map(|line| line.strip_suffix(';')?.split_once("mod ").map(|(_, name)| name));
        let home = Path::new(&self.path).parent().unwrap_or(Path::new(""));
        let stem = home.join(Path::new(&self.path).file_stem().unwrap_or_default());
        let folder = if self.path.ends_with("/mod.rs") || self.path.ends_with("/lib.rs") { home } else { &stem };
        names.map(|name| folder.join(name).with_extension("rs").to_string_lossy().into_owned()).collect()
    }

    /// An offence in this file, as one line for the report.
    pub(crate) fn offence(&self, what: &str) -> String {
        format!("{}: {what}", self.path)
    }
}

/// Cuts a `//` comment that does not stand inside a string.
fn strip_comment(line: &str) -> &str {
    let is_code = |at: &usize| line[..*at].matches('"').count().is_multiple_of(2);
    line.match_indices("//").map(|(at, _)| at).find(is_code).map_or(line, |at| &line[..at])
}

/// Every Rust file of the product: the package and its two member crates.
pub(crate) fn sources() -> Vec<File> {
    let roots = ["src/", "entity/", "migration/"];
    let mut files = tracked();
    files.retain(|file| file.path.ends_with(".rs") && roots.iter().any(|root| file.path.starts_with(root)));
    let for_tests: Vec<String> = files.iter().flat_map(File::test_modules).collect();
    for file in &mut files {
        file.for_tests = for_tests.contains(&file.path);
    }
    files
}

/// Every text file that git tracks. Pictures and other bytes are left out.
pub(crate) fn tracked() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listing = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr));
    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let names = names.split('\0').filter(|name| !name.is_empty());
    names.filter_map(|name| Some(File::new(name, &std::fs::read_to_string(root.join(name)).ok()?))).collect()
}
