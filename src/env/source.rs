//! Where settings come from: the process environment, and an `.env` file that it wins over.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::dotenv::{self, PassedOver};
use super::{Env, Fault, Given, Origin, Problem, is_open_to_all};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = ".env";

impl Env {
    /// The environment of this process, and the file at `env_file`, or `./.env` where there is one.
    ///
    /// A named file that cannot be read is noted as a problem of `--env-file`.
    #[must_use]
    pub fn load(env_file: Option<&Path>) -> Self {
        let path = env_file.unwrap_or(Path::new(DEFAULT_FILE));
        let read = fs::read(path);
        let mut env = match &read {
            // dotenv too takes bytes that are no UTF-8 and puts U+FFFD in their place.
            Ok(bytes) => Self::new(std::env::vars_os(), Some((path, &String::from_utf8_lossy(bytes)))),
            Err(_) => Self::new(std::env::vars_os(), None),
        };
        env.open_file = fs::metadata(path).is_ok_and(|it| is_open_to_all(&it)).then(|| path.to_owned());
        if let Err(error) = read
            && (env_file.is_some() || error.kind() != ErrorKind::NotFound)
        {
            let wrong = format!("cannot be read: {}: {error}", path.display());
            env.problem("--env-file", Fault::new(wrong, "Name a file that exists and that this user may read"));
        }
        env
    }

    /// Settings from these variables and from the text of a file, which is named in messages. A
    /// variable wins over the file even when it is empty, as it does for the chat.
    #[must_use]
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, file: Option<(&Path, &str)>) -> Self {
        let mut env = Self::default();
        if let Some((path, text)) = file {
            let file = dotenv::read(text);
            for PassedOver { line, is_ours } in file.passed_over {
                let (wrong, right) = ("is neither a setting nor a comment", "Write NAME=value, or a # before it");
                if is_ours {
                    let (setting, source) = ("A line".into(), Origin::File(path.into(), line));
                    env.problems.push(Problem { setting, source, wrong: wrong.into(), right: right.into() });
                } else {
                    // The chat starts with such a line, and so do we.
                    env.warn(".env", format!("line {line} {wrong}, so it is passed over. {right}."));
                }
            }
            for found in file.assignments {
                let origin = Origin::File(path.into(), found.line);
                env.given.insert(found.name, Given { value: found.value.into(), origin, cut: found.cut });
            }
        }
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => {
                    let given = Given { value: value.into(), origin: Origin::Environment, cut: false };
                    env.given.insert(name, given);
                }
                Err(_) => {
                    env.unreadable.insert(name);
                }
            }
        }
        env
    }

    /// The names that have a value which stands in the `.env` file.
    pub fn names_in_file(&self) -> impl Iterator<Item = &str> {
        self.names_set().filter(|name| matches!(self.origin(name), Origin::File(..)))
    }

    /// Whether a problem of `name` is noted.
    #[must_use]
    pub fn has_problem(&self, name: &str) -> bool {
        self.problems.iter().any(|it| it.setting == name)
    }
}
