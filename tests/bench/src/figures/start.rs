//! The start, and the memory of a server that has nothing to do.

use std::thread;
use std::time::{Duration, Instant};

use super::Effort;
use crate::Result;
use crate::http::{Connection, get};
use crate::place::Place;
use crate::report::{Aim, Line};
use crate::server::{BOTH, Server};

/// Starts in a round.
const STARTS: usize = 4;

/// From the start of the process to the first yes of `/readyz`, and the memory two seconds later.
pub fn start_and_rest(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    ready(&place.start(BOTH)?)?;
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        for _ in 0..STARTS {
            let began = Instant::now();
            ready(&place.start(BOTH)?)?;
            starts.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let server = place.start(BOTH)?;
        thread::sleep(Duration::from_secs(2));
        ready(&server)?;
        memory.push(server.memory("VmRSS")?);
    }
    let line = |what: &str, figures, unit, aim, behind: &str| Line {
        what: what.into(),
        figures,
        unit,
        aim,
        behind: behind.into(),
    };
    Ok(vec![
        line("start to /readyz, not the first", starts, " ms", Aim::AtMost(60.0, 150.0), "SQLite, two cores"),
        line("idle memory (RSS)", memory, " MiB", Aim::AtMost(25.0, 35.0), "two seconds after the start"),
    ])
}

/// Asks whether `server` is ready until it says yes.
///
/// # Errors
/// When it does not within ten seconds.
pub fn ready(server: &Server) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if Connection::open(server.address)?.ask(&get("/readyz"))?.status == 200 {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err("the server does not become ready".into())
}
