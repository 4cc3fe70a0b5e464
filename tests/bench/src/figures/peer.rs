//! Introspection against somebody else's: npm oidc-provider, tokens of a client's own authority.

use std::path::PathBuf;

use super::Effort;
use super::introspection::{Known, QUEUE, against, costs, is_of};
use crate::Result;
use crate::http::post;
use crate::load::saturate;
use crate::party::{APP, Party, SECRET};
use crate::place::{FORM, Place, base64};
use crate::report::{Aim, Line};
use crate::server::{SERVED, Server};

/// Tokens that are in use at once.
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
    let server = start(place, TOKENS, 0, APP)?;
    let tokens = std::fs::read_to_string(place.path().join("npm-tokens"))?;
    let requests = tokens.lines().map(introspection).collect();
    let known = Known::learn(&server, requests, |_, answer| answer.body.starts_with(b"{\"active\":true,"))?;
    Ok((server, known))
}

/// Starts npm oidc-provider on the core that is measured, with so many tokens of a client's own
/// authority in `npm-tokens`, and codes for `party` in `npm-codes`.
///
/// # Errors
/// When it does not come up.
pub fn start(place: &Place, tokens: usize, codes: usize, party: Party) -> Result<Server> {
    let folder: PathBuf = std::env::var("BENCH_NPM").unwrap_or_else(|_| "target/bench/oidc-provider".into()).into();
    let program = std::fs::canonicalize(folder)?.join("server.js").to_string_lossy().into_owned();
    let (tokens, codes) = (tokens.to_string(), codes.to_string());
    Server::start(SERVED, place.path(), &["node", &program, &tokens, &codes, party.id])
}

/// The request that inspects `token` there.
pub fn introspection(token: &str) -> Vec<u8> {
    let headers = format!("authorization: Basic {}\r\n", base64(&format!("chat-backend:{SECRET}")));
    post("/token/introspection", &headers, FORM, &format!("token={token}"))
}
