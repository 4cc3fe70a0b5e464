//! Introspection of what apps were given: signed access tokens and opaque ones.

use super::Effort;
use super::introspection::{Known, QUEUE, against, bare, costs};
use super::peer;
use crate::Result;
use crate::aside::yardstick;
use crate::http::{Answer, Connection};
use crate::load::{Throughput, saturate};
use crate::party::{APP, APP_OPAQUE, NPM, POSTERN, Party, Tokens};
use crate::place::{Place, WITH_APPS};
use crate::report::{Aim, Line};
use crate::server::{SERVED, Server};

/// Tokens that are in use at once.
const TOKENS: usize = 1000;
/// What the second line of each pair says.
const SAME: &str = "the same, by processor time";

/// Hits: signed and opaque ones of Postern, in turn with the bare handler and with the opaque ones of
/// npm, which cannot inspect a signed token of its own.
pub fn of_clients(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[WITH_APPS])?;
    let (postern, bare) = (place.start(SERVED)?, bare(&place)?);
    let npm = peer::start(&place, 0, TOKENS, APP_OPAQUE)?;
    let mut signed = own(&place, &postern, APP)?;
    let mut opaque = own(&place, &postern, APP_OPAQUE)?;
    let requests = (0..TOKENS).map(|number| signed.request(number)).collect();
    let mut simple = Known::learn(&bare, requests, |_, answer| answer.body.len() == yardstick::LENGTH)?;
    let codes = std::fs::read_to_string(place.path().join("npm-codes"))?;
    let tokens = exchanged(&npm, APP_OPAQUE, NPM, codes.lines())?;
    let requests = tokens.iter().map(|token| peer::introspection(&token.access)).collect();
    let is_active = |_, answer: &Answer<'_>| answer.body.starts_with(b"{\"active\":true,\"sub\":\"person");
    let mut learnt = Known::learn(&npm, requests, is_active)?;
    let mut rounds: [Vec<Throughput>; 4] = Default::default();
    for _ in 0..effort.rounds {
        let targets = [(&postern, &mut signed), (&postern, &mut opaque), (&bare, &mut simple), (&npm, &mut learnt)];
        for ((server, known), round) in targets.into_iter().zip(&mut rounds) {
            round.push(saturate(server.address, server.pid(), QUEUE, effort.turn, known)?);
        }
    }
    Ok(told(rounds))
}

fn told([signed, opaque, bare, npm]: [Vec<Throughput>; 4]) -> Vec<Line> {
    let with_bare = [[signed.clone(), bare.clone()], [opaque.clone(), bare]];
    let with_npm = [[signed, npm.clone()], [opaque, npm]];
    let (jwt, opaque) = ("introspection of a JWT access token", "introspection of an opaque access token");
    let of_npm = "npm oidc-provider 9, one core";
    vec![
        against(&format!("{jwt}, a hit, to a bare handler, one core"), &with_bare[0], Aim::Told),
        costs(SAME, &with_bare[0]),
        against(&format!("{opaque}, a hit, to a bare handler, one core"), &with_bare[1], Aim::Told),
        costs(SAME, &with_bare[1]),
        against(&format!("{jwt} to an opaque one at {of_npm}"), &with_npm[0], Aim::Told),
        costs(SAME, &with_npm[0]),
        against(&format!("{opaque} to one at {of_npm}"), &with_npm[1], Aim::Told),
        costs(SAME, &with_npm[1]),
    ]
}

/// What Postern answers about the tokens of people at `party`.
fn own(place: &Place, server: &Server, party: Party) -> Result<Known> {
    let made = place.codes(party, TOKENS)?;
    let tokens = exchanged(server, party, POSTERN, made.iter().map(|(_, code)| code.as_str()))?;
    let requests = tokens.iter().map(|token| place.introspection(&token.access)).collect();
    let is_of = |number: usize, answer: &Answer<'_>| {
        let body = serde_json::from_slice::<serde_json::Value>(answer.body).unwrap_or_default();
        body["active"] == true && body["email"] == made[number].0.as_str() && body["client_id"] == party.id
    };
    Known::learn(server, requests, is_of)
}

/// The tokens that `party` gets for `codes`, in their order.
fn exchanged<'a>(
    server: &Server,
    party: Party,
    path: &str,
    codes: impl Iterator<Item = &'a str>,
) -> Result<Vec<Tokens>> {
    let mut connection = Connection::open(server.address)?;
    let exchange = |code| party.tokens(&connection.ask(&party.exchange(path, code))?);
    codes.map(exchange).collect()
}
