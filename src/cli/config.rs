//! `postern config ...`: what the settings come to, without a server.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::config::{Config, Group, Missing, SECTIONS, unused};
use crate::env::{Env, Known, Note, Notes, Problem};
use crate::random::Random;

/// What can be asked of the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Tell every problem at once, and what else there is to know; makes nothing
    Check,
    /// Show every setting that is in force and where it came from; secrets are left out
    Show,
}

/// Carries out `command` on the settings of `env`. Fails when a setting has a problem, or when `out` is gone.
pub fn run(command: ConfigCommand, mut env: Env, json: bool, out: &mut impl Write) -> ExitCode {
    // A set of settings with problems is none; what there is to say of it stands in `env`.
    let config = Config::read(&mut env, Missing::Foretell(&Random::system()));
    let said = match (command, json) {
        (ConfigCommand::Check, false) => check(&env, out),
        (ConfigCommand::Show, false) => show(&env, out),
        (ConfigCommand::Check, true) => write_json(&checked(&env), out),
        (ConfigCommand::Show, true) => write_json(&shown(&env), out),
    };
    if said.is_ok() && config.is_some() && env.problems().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says why Postern does not start.
pub(super) fn refuse(problems: &[Problem], err: &mut impl Write) -> io::Result<()> {
    list(err, "problem with the settings", "problems with the settings", problems)
}

/// Says what a command should be told of the settings that it runs with.
pub(super) fn warn(notes: &Notes, err: &mut impl Write) -> io::Result<()> {
    list(err, "warning", "warnings", &notes.warnings)
}

fn check(env: &Env, out: &mut impl Write) -> io::Result<()> {
    let (problems, notes) = (env.problems(), env.notes());
    list(out, "problem", "problems", problems)?;
    list(out, "warning", "warnings", &notes.warnings)?;
    for Note { setting, text } in &notes.notices {
        writeln!(out, "{setting}: {text}")?;
    }
    for Group { group, names } in unused(env) {
        writeln!(out, "{group}: Postern has no use for {}.", printable(&names.join(", ")))?;
    }
    if problems.is_empty() { writeln!(out, "The settings are good.") } else { Ok(()) }
}

fn list(out: &mut impl Write, one: &str, many: &str, items: &[impl ToString]) -> io::Result<()> {
    if !items.is_empty() {
        writeln!(out, "{} {}:", items.len(), if items.len() == 1 { one } else { many })?;
    }
    items.iter().try_for_each(|item| writeln!(out, "  {}", printable(&item.to_string())))
}

fn show(env: &Env, out: &mut impl Write) -> io::Result<()> {
    for section in SECTIONS {
        writeln!(out, "{section}")?;
        for known in env.notes().settings.iter().filter(|known| known.section == section) {
            let Known { setting, value, source, .. } = known;
            let value = if value.is_empty() { "not set" } else { value };
            writeln!(out, "  {setting:<30} {}  ({source})", printable(value))?;
        }
    }
    list(out, "problem", "problems", env.problems())
}

fn checked(env: &Env) -> Value {
    let notes = env.notes();
    json!({ "problems": env.problems(), "warnings": notes.warnings, "notices": notes.notices, "unused": unused(env) })
}

fn shown(env: &Env) -> Value {
    json!({ "settings": env.notes().settings, "problems": env.problems() })
}

fn write_json(document: &Value, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{document:#}")
}

/// Without what would move the cursor of a terminal or break a line.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const SECRET: &str = "n0t-f0r-y0ur-eyes-5d0c1ff9a3be2741";

    fn said(command: ConfigCommand, json: bool, text: &str) -> (String, bool) {
        let env = Env::new([], Some((Path::new(".env"), text)));
        let mut out = Vec::new();
        let code = run(command, env, json, &mut out);
        (String::from_utf8(out).expect("UTF-8"), format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS))
    }

    #[test]
    fn a_check_tells_problems_then_warnings_then_groups() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("postern.db");
        let text = format!(
            "POSTERN_DATABASE_URL=sqlite://{}\nPOSTERN_LISTEN=x\nJWT_SECRET={SECRET}\nSESSION_EXPIRY=30000\n\
             OPENAI_API_KEY=a\nPORT=1\nEMAIL_FROM=a",
            database.display()
        );
        let (told, is_good) = said(ConfigCommand::Check, false, &text);
        let begins: Vec<_> = told.lines().filter_map(|line| line.split([':', '(']).next()).map(str::trim).collect();
        assert_eq!(
            begins,
            [
                "1 problem",
                "POSTERN_LISTEN",
                "1 warning",
                "SESSION_EXPIRY",
                "mail",
                "JWT_REFRESH_SECRET, POSTERN_ENCRYPTION_KEY",
                "server, files",
                "models and tools",
            ]
        );
        assert!(!is_good);
        assert_eq!(said(ConfigCommand::Check, false, "").0.lines().last(), Some("The settings are good."));
    }

    #[test]
    fn sec_004_neither_verb_shows_a_secret() {
        let good = format!("JWT_SECRET={SECRET}\nPOSTERN_DATABASE_URL=postgres://u:{SECRET}@db/x");
        let bad = format!(
            "{good}\nJWT_REFRESH_SECRET={SECRET}\nPOSTERN_ENCRYPTION_KEY={SECRET}\nPOSTERN_URL=https://u:{SECRET}@a.example"
        );
        for text in [good, bad] {
            for command in [ConfigCommand::Check, ConfigCommand::Show] {
                for json in [false, true] {
                    assert!(!said(command, json, &text).0.contains(SECRET), "{command:?} {json}");
                }
            }
        }
    }

    #[test]
    fn show_tells_where_each_value_came_from() {
        let (told, is_good) = said(ConfigCommand::Show, false, "\nLOGIN_MAX=9\nAPP_TITLE=\"a\\nb\"");
        let told: Vec<_> = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(
            told.contains(&"LOGIN_MAX 9 (.env:2)".to_owned()) && told.contains(&"LOGIN_WINDOW 5 (default)".to_owned())
        );
        assert!(told.contains(&"APP_TITLE [refused] (.env:3)".to_owned()) && !is_good);
    }

    #[test]
    fn json_is_one_document() {
        for command in [ConfigCommand::Check, ConfigCommand::Show] {
            let (told, _) = said(command, true, "POSTERN_LISTEN=x");
            let document: Value = serde_json::from_str(&told).expect("JSON");
            assert_eq!(document["problems"][0]["setting"], "POSTERN_LISTEN");
        }
    }
}
