//! Measures Postern against yardsticks in the same run; `run` starts it.

mod aside;
mod figures;
mod http;
mod load;
mod party;
mod place;
mod report;
mod server;
mod statistics;

use std::process::ExitCode;
use std::time::Duration;

// As Postern's own, so that no yardstick is slow by its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What goes wrong.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
/// Of everything here.
pub type Result<T> = std::result::Result<T, Fault>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match carry_out(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(words: &[&str]) -> Result<ExitCode> {
    match words {
        ["yardstick"] => runtime()?.block_on(aside::yardstick::serve())?,
        ["seed", count] => runtime()?.block_on(aside::seed::run(count.parse()?))?,
        ["codes", client, count] => runtime()?.block_on(aside::codes::run(client, count.parse()?))?,
        ["sign", seconds] => runtime()?.block_on(aside::sign::run(Duration::from_secs_f64(seconds.parse()?)))?,
        ["argon2", seconds] => aside::argon2::run(Duration::from_secs_f64(seconds.parse()?))?,
        ["rotate", seconds, tokens] => {
            runtime()?.block_on(aside::rotate::run(Duration::from_secs_f64(seconds.parse()?), tokens))?;
        }
        names => return figures::run(names),
    }
    Ok(ExitCode::SUCCESS)
}

/// As many workers as there are cores to run on, as Postern has.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
