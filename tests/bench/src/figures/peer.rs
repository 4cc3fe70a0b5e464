//! Introspection against somebody else's: npm oidc-provider, opaque tokens, its in-memory adapter.

use std::path::PathBuf;

use super::Effort;
use super::introspection::{Known, QUEUE, against, costs, is_of};
use crate::Result;
use crate::http::post;
use crate::load::saturate;
use crate::place::{Place, base64};
use crate::report::{Aim, Line};
use crate::server::{SERVED, Server};

/// Tokens in use: that adapter forgets the oldest of a thousand things.
const TOKENS: usize = 500;

/// Requests a second of one core each.
pub fn against_npm(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    let seeds = place.seed(TOKENS)?;
    let postern = place.start(SERVED)?;
    let requests = seeds.iter().map(|seed| place.introspection(&seed.token)).collect();
    let known = Known::learn(&postern, requests, |number, answer| is_of(&seeds[number], answer))?;
    let (npm, learnt) = npm(&place)?;
    let mut targets = [(postern, known), (npm, learnt)];
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..effort.rounds {
        for ((server, known), round) in targets.iter_mut().zip(&mut rounds) {
            round.push(saturate(server.address, server.pid(), QUEUE, effort.turn, known)?);
        }
    }
    Ok(vec![
        against("introspection hit to npm oidc-provider 9, one core", &rounds, Aim::AtLeast(12.0, 10.0)),
        costs("the same, by processor time", &rounds),
    ])
}

fn npm(place: &Place) -> Result<(Server, Known)> {
    let folder: PathBuf = std::env::var("BENCH_NPM").unwrap_or_else(|_| "target/bench/oidc-provider".into()).into();
    let program = std::fs::canonicalize(folder)?.join("server.js").to_string_lossy().into_owned();
    let count = TOKENS.to_string();
    let server = Server::start(SERVED, place.path(), &["node", &program, &count, "npm-tokens"])?;
    let tokens = std::fs::read_to_string(place.path().join("npm-tokens"))?;
    let secret = base64("chat-backend:a-secret-of-the-chat-backend-in-this-benchmark");
    let headers = format!("authorization: Basic {secret}\r\n");
    let request =
        |token| post("/token/introspection", &headers, "application/x-www-form-urlencoded", &format!("token={token}"));
    let known = Known::learn(&server, tokens.lines().map(request).collect(), |_, answer| {
        answer.body.starts_with(b"{\"active\":true,")
    })?;
    Ok((server, known))
}
