//! Many sessions: introspection of tokens that were never seen before, and the memory that takes.

use std::thread;
use std::time::Duration;

use super::Effort;
use super::introspection::{QUEUE, against, costs, is_of, targets};
use super::start::ready;
use crate::Result;
use crate::http::Answer;
use crate::load::{Talk, saturate};
use crate::place::{Place, Seed};
use crate::report::{Aim, Line, short};
use crate::server::BOTH;

/// Sessions in the database.
const SESSIONS: usize = 100_000;

/// Inspects each token once, so that no answer is cached.
struct Once<'s> {
    place: &'s Place,
    seeds: std::slice::Iter<'s, Seed>,
    asked: Vec<Option<&'s Seed>>,
    request: Vec<u8>,
}

impl<'s> Once<'s> {
    fn new(place: &'s Place, seeds: &'s [Seed]) -> Self {
        Self { place, seeds: seeds.iter(), asked: vec![None; QUEUE.lanes], request: Vec::new() }
    }
}

impl Talk for Once<'_> {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        let seed = self.seeds.next()?;
        self.asked[lane] = Some(seed);
        self.request = self.place.introspection(&seed.token);
        Some(&self.request)
    }

    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()> {
        let is_right = |seed| answer.status == 200 && is_of(seed, answer);
        if self.asked[lane].is_some_and(is_right) { Ok(()) } else { Err(answer.text().into()) }
    }
}

/// Misses, every token for the first time in the life of the server; then the memory.
pub fn sessions(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    let seeds = place.seed(SESSIONS)?;
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..effort.rounds {
        let [(postern, _), (bare, mut known)] = targets(&place, &seeds[..1])?;
        let mut once = Once::new(&place, &seeds[1..]);
        rounds[0].push(saturate(postern.address, postern.pid(), QUEUE, effort.turn, &mut once)?);
        rounds[1].push(saturate(bare.address, bare.pid(), QUEUE, effort.turn, &mut known)?);
    }
    let mut lines = vec![
        against("introspection miss on SQLite to a bare handler, one core", &rounds, Aim::AtLeast(0.30, 0.18)),
        costs("the same, by processor time", &rounds),
    ];
    lines.extend(memory(&place, &seeds)?);
    Ok(lines)
}

fn memory(place: &Place, seeds: &[Seed]) -> Result<[Line; 2]> {
    let server = place.start(BOTH)?;
    ready(&server)?;
    thread::sleep(Duration::from_secs(2));
    let idle = server.memory("VmRSS")?;
    let mut once = Once::new(place, seeds);
    saturate(server.address, server.pid(), QUEUE, Duration::from_secs(600), &mut once)?;
    if once.seeds.len() > 0 {
        return Err("not every token was inspected".into());
    }
    let after = server.memory("VmRSS")?;
    let file = std::fs::metadata(place.database())?.len() as f64 / f64::from(1 << 20);
    let line =
        |what: String, figure, behind| Line { what, figures: vec![figure], unit: " MiB", aim: Aim::Told, behind };
    let peak = server.memory("VmHWM")?;
    Ok([
        line(format!("idle memory (RSS) beside {SESSIONS} sessions"), idle, format!("database {} MiB", short(file))),
        line(format!("memory after {SESSIONS} tokens were inspected"), after, format!("at most {} MiB", short(peak))),
    ])
}
