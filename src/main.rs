//! The program: set the process up, hand the command line over.

use std::process::ExitCode;

use postern::cli::Cli;
use rustix::process::{Resource, Rlimit, setrlimit, umask};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    harden();
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match Cli::read(&arguments, &mut std::io::stdout()) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli.run(&mut std::io::stdout(), &mut std::io::stderr())),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Files that we make are ours alone, and no dump of our memory is written (SEC-008).
fn harden() {
    umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    // Refused only where the limit is lower already.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
