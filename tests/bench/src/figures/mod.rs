//! The figures, one group to a file.

mod grants;
mod introspection;
mod many;
mod peer;
mod refresh;
mod security;
mod sign_in;
mod start;
mod tokens;

use std::process::ExitCode;
use std::time::Duration;

use crate::Result;
use crate::report::{HEAD, Line};

/// How long everything takes.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each target has its turn.
    pub rounds: usize,
    /// How long a turn lasts.
    pub turn: Duration,
}

impl Effort {
    fn read() -> Result<Self> {
        let number = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.into()).parse::<f64>();
        let (rounds, turn) = (number("BENCH_ROUNDS", "5")?, number("BENCH_SECONDS", "5")?);
        Ok(Self { rounds: rounds as usize, turn: Duration::from_secs_f64(turn) })
    }

    /// The turn, in seconds, as an argument.
    #[must_use]
    pub fn seconds(&self) -> String {
        self.turn.as_secs_f64().to_string()
    }
}

type Figure = fn(Effort) -> Result<Vec<Line>>;

/// Every group, by its name on the command line.
const GROUPS: &[(&str, Figure)] = &[
    ("hit", introspection::hit),
    ("npm", peer::against_npm),
    ("tokens", tokens::of_clients),
    ("sessions", many::sessions),
    ("sign-in", sign_in::against_hashes),
    ("storm", sign_in::storm),
    ("refresh", refresh::against_writer),
    ("grants", grants::against_peers),
    ("start", start::start_and_rest),
    ("timing", security::timing),
    ("limits", security::limits),
    ("crowd", security::crowd),
];

/// Measures the named groups, or all, and prints the table as it grows; fails where a figure is
/// worse than its floor.
///
/// # Errors
/// When a server does not come up, or an answer is wrong.
pub fn run(names: &[&str]) -> Result<ExitCode> {
    if let Some(unknown) = names.iter().find(|name| GROUPS.iter().all(|(known, _)| known != *name)) {
        return Err(format!("there is no group {unknown}").into());
    }
    let effort = Effort::read()?;
    println!("{HEAD}");
    let mut is_good = true;
    for (_, figure) in GROUPS.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        for line in figure(effort)? {
            println!("{line}");
            is_good &= !line.is_below_floor();
        }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
