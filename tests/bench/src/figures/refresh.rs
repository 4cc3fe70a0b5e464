//! Refreshing: over HTTP against the same services in a process of their own.

use std::fs;

use super::Effort;
use crate::Result;
use crate::http::{Answer, post};
use crate::load::{Queue, Talk, saturate};
use crate::place::{Place, Seed, aside};
use crate::report::{Aim, Line, medians};
use crate::server::SERVED;

/// Families that rotate at once: as many as the writer takes into one commit.
const QUEUE: Queue = Queue { lanes: 64, burst: 1 };

/// Each connection rotates a family of its own.
struct Rotations {
    requests: Vec<Vec<u8>>,
    tokens: Vec<String>,
}

impl Rotations {
    fn new(seeds: &[Seed]) -> Self {
        let tokens: Vec<String> = seeds.iter().map(|seed| seed.refresh.clone()).collect();
        Self { requests: tokens.iter().map(|token| request(token)).collect(), tokens }
    }
}

impl Talk for Rotations {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        Some(&self.requests[lane])
    }

    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()> {
        let next = cookie(answer).filter(|next| *next != self.tokens[lane]);
        match (answer.status, next) {
            (200, Some(next)) if answer.body.starts_with(b"{\"token\":\"eyJ") => {
                next.clone_into(&mut self.tokens[lane]);
                self.requests[lane] = request(next);
                Ok(())
            }
            _ => Err(format!("{}: {}", answer.status, answer.text()).into()),
        }
    }
}

fn request(token: &str) -> Vec<u8> {
    post("/api/auth/refresh", &format!("cookie: refreshToken={token}\r\n"), "application/json", "")
}

/// The refresh token that `answer` sets as a cookie.
pub fn cookie<'a>(answer: &Answer<'a>) -> Option<&'a str> {
    let head = std::str::from_utf8(answer.head).ok()?;
    let (_, rest) = head.split_once("set-cookie: refreshToken=")?;
    rest.split(';').next().filter(|token| !token.is_empty())
}

/// Rotations a second over HTTP against those in process, on the same file and the same core.
pub fn against_writer(effort: Effort) -> Result<Vec<Line>> {
    // Without a grace time every refresh rotates.
    let place = Place::new(&["POSTERN_REFRESH_GRACE=0s"])?;
    let seeds = place.seed(2 * QUEUE.lanes * effort.rounds)?;
    let (mut over_http, mut in_process) = (Vec::new(), Vec::new());
    for turn in seeds.chunks_exact(2 * QUEUE.lanes) {
        let server = place.start(SERVED)?;
        let mut talk = Rotations::new(&turn[..QUEUE.lanes]);
        let done = saturate(server.address, server.pid(), QUEUE, effort.turn, &mut talk)?;
        over_http.push((done.rate, done.cost.0 + done.cost.1));
        drop(server);
        let tokens: Vec<&str> = turn[QUEUE.lanes..].iter().map(|seed| seed.refresh.as_str()).collect();
        fs::write(place.path().join("tokens"), tokens.join("\n"))?;
        let printed = aside(SERVED, place.path(), &["rotate", &effort.seconds(), "tokens"])?;
        let (rate, cost) = printed.trim().split_once(' ').ok_or("two figures")?;
        in_process.push((rate.parse::<f64>()?, cost.parse::<f64>()?));
    }
    let (rates, costs): (Vec<f64>, Vec<f64>) = over_http.into_iter().unzip();
    let (own_rates, own_costs): (Vec<f64>, Vec<f64>) = in_process.into_iter().unzip();
    let ratio = |some: &[f64], other: &[f64]| some.iter().zip(other).map(|(one, other)| one / other).collect();
    let line = |what: &str, figures, aim, behind| Line { what: what.into(), figures, unit: "", aim, behind };
    Ok(vec![
        line(
            "refresh over HTTP to the batched writer in process, SQLite, one core",
            ratio(&rates, &own_rates),
            Aim::AtLeast(0.8, 0.6),
            format!("{} to {}", medians(&rates, "/s"), medians(&own_rates, "/s")),
        ),
        line(
            "the same, by processor time",
            ratio(&own_costs, &costs),
            Aim::Told,
            format!("{} to {}", medians(&costs, "µs"), medians(&own_costs, "µs")),
        ),
    ])
}
