//! Settings of clients.

use std::path::PathBuf;

use super::WebUri;
use super::file::load;
use crate::env::{Env, Fault, Parsed, files, words};

/// Where clients are declared, and who else may come.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `POSTERN_CLIENTS_FILE`: TOML, watched.
    pub file: Option<PathBuf>,
    /// `POSTERN_CLIENT_METADATA_DOCUMENTS`: whether the address of a document about a client is its id.
    pub documents: bool,
    /// `POSTERN_OPEN_RESOURCES`: whom the access tokens of apps that nobody declared may be meant for.
    pub open_resources: Vec<WebUri>,
}

impl Settings {
    /// Reads them, and the file with them, so that its problems are told with all others.
    pub fn read(env: &mut Env) -> Option<Self> {
        const NAME: &str = "POSTERN_CLIENTS_FILE";
        const ABOUT: &str =
            "Clients that are declared in a file (TOML); deploy/clients.example.toml explains every key.";
        let file = env.optional(NAME, "", ABOUT, files::existing)?;
        match file.as_deref().map(load) {
            Some(Ok(clients)) => clients.warnings.into_iter().for_each(|warning| env.warn(NAME, warning)),
            Some(Err(problems)) => {
                for problem in problems {
                    let wrong = format!("cannot be taken: {}", problem.trim_end_matches('.'));
                    env.problem(NAME, Fault::new(wrong, "Correct the file"));
                }
            }
            None => {}
        }
        let documents = env.or(
            "POSTERN_CLIENT_METADATA_DOCUMENTS",
            "false",
            "Whether an app that nobody declared may come with the address of a document about itself as its client id, \
             as MCP clients do. People are asked each time.",
            words::boolean,
        );
        let open_resources = env.optional(
            "POSTERN_OPEN_RESOURCES",
            "none",
            "Resources (RFC 8707), such as MCP servers, that apps which nobody declared may ask access tokens for, by comma.",
            |text| words::list(text, resource),
        );
        Some(Self { file, documents: documents?, open_resources: open_resources?.unwrap_or_default() })
    }
}

fn resource(text: &str) -> Parsed<WebUri> {
    let right = "Write complete addresses, such as https://mcp.example.com/";
    text.parse().map_err(|wrong: String| Fault::new(format!("is not a list of addresses: {wrong}"), right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_problems_of_the_file_stand_among_those_of_the_settings() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clients.toml");
        std::fs::write(&file, "[[client]]\nclient_id = \"chat\"\nclient_secret = \"hidden\"\ntrusty = true\n")
            .expect("written");
        let path = file.to_str().expect("UTF-8");
        let mut env = Env::new([("POSTERN_CLIENTS_FILE".into(), path.into())], None);
        let read = Settings::read(&mut env);
        let problems = env.finish(read).expect_err("the file is bad");
        let told: Vec<&str> = problems.iter().map(|problem| problem.wrong.as_str()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("cannot be taken: client \"chat\": client_secret: must have"), "{told:?}");
        assert!(told[1].ends_with("Perhaps `trusted` is meant") && !told.concat().contains("hidden"), "{told:?}");
    }
}
