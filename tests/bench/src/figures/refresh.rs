//! Refreshing: over HTTP against the same services in a process of their own.

use std::fs;

use super::Effort;
use crate::Result;
use crate::http::{Answer, post};
use crate::load::{Talk, saturate};
use crate::place::{Place, Seed, aside};
use crate::report::{Aim, Line, medians};
use crate::server::SERVED;

/// Families that rotate at once: as many as the writer takes into one commit.
const LANES: usize = 64;

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
    let seeds = place.seed(2 * LANES * effort.rounds)?;
    let (mut figures, mut over_http, mut in_process) = (Vec::new(), Vec::new(), Vec::new());
    for turn in seeds.chunks_exact(2 * LANES) {
        let server = place.start(SERVED)?;
        let mut talk = Rotations::new(&turn[..LANES]);
        let rate = saturate(server.address, server.pid(), LANES, effort.turn, &mut talk)?.rate;
        drop(server);
        let tokens: Vec<&str> = turn[LANES..].iter().map(|seed| seed.refresh.as_str()).collect();
        fs::write(place.path().join("tokens"), tokens.join("\n"))?;
        let printed = aside(SERVED, place.path(), &["rotate", &effort.seconds(), "tokens"])?;
        let writer: f64 = printed.trim().parse()?;
        figures.push(rate / writer);
        over_http.push(rate);
        in_process.push(writer);
    }
    Ok(vec![Line {
        what: "refresh over HTTP to the batched writer in process, SQLite, one core".into(),
        figures,
        unit: "",
        aim: Aim::AtLeast(0.8, 0.6),
        behind: format!("{} to {}", medians(&over_http, "/s"), medians(&in_process, "/s")),
    }])
}
