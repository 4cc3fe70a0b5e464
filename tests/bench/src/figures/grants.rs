//! What the token endpoint gives for codes and refresh tokens, against a bare handler and against npm
//! oidc-provider doing the same; and what signing costs of it.

use super::Effort;
use super::introspection::{self, Known, against, bare, costs};
use super::peer;
use crate::Result;
use crate::aside::yardstick;
use crate::http::Answer;
use crate::load::{Queue, Talk, Throughput, saturate};
use crate::party::{APP, APP_ES256, NPM, POSTERN, Party, Tokens};
use crate::place::{Place, WITH_APPS, aside};
use crate::report::{Aim, Line, short};
use crate::server::{SERVED, Server};
use crate::statistics::median;

/// Apps that ask at once, each on a connection of its own.
const QUEUE: Queue = Queue { lanes: 64, burst: 1 };
/// Codes that are made for each second of a turn; who needs more has done with its turn early.
const CODES: f64 = 2000.0;

/// Exchanges one code after another, each once.
pub struct Exchanges {
    party: Party,
    waiting: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
    /// What came of them.
    pub tokens: Vec<Tokens>,
}

impl Exchanges {
    /// Of `codes`, at `path`.
    pub fn new(party: Party, path: &str, codes: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let waiting = codes.into_iter().map(|code| party.exchange(path, code.as_ref())).collect();
        Self { party, waiting, sent: vec![Vec::new(); QUEUE.lanes], tokens: Vec::new() }
    }
}

impl Talk for Exchanges {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        self.sent[lane] = self.waiting.pop()?;
        Some(&self.sent[lane])
    }

    fn check(&mut self, _: usize, answer: &Answer<'_>) -> Result<()> {
        self.tokens.push(self.party.tokens(answer)?);
        Ok(())
    }
}

/// Each connection rotates a family of its own.
struct Refreshes {
    party: Party,
    path: &'static str,
    tokens: Vec<String>,
    requests: Vec<Vec<u8>>,
}

impl Refreshes {
    fn new(party: Party, path: &'static str, given: Vec<Tokens>) -> Self {
        let tokens: Vec<_> = given.into_iter().take(QUEUE.lanes).map(|it| it.refresh).collect();
        let requests = tokens.iter().map(|token| party.refresh(path, token)).collect();
        Self { party, path, tokens, requests }
    }
}

impl Talk for Refreshes {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        self.requests.get(lane).map(Vec::as_slice)
    }

    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()> {
        let next = self.party.tokens(answer)?.refresh;
        if next == self.tokens[lane] {
            return Err("the refresh token was not rotated".into());
        }
        self.requests[lane] = self.party.refresh(self.path, &next);
        self.tokens[lane] = next;
        Ok(())
    }
}

/// Codes exchanged, then what they gave refreshed; in turn by Postern, the bare handler and npm.
pub fn against_peers(effort: Effort) -> Result<Vec<Line>> {
    let mut lines = measure(effort, APP, "ID token RS256")?;
    lines.append(&mut measure(effort, APP_ES256, "ID token ES256")?);
    Ok(lines)
}

/// What each target did in every round: Postern, the bare handler, npm.
#[derive(Default)]
struct Rounds {
    exchanges: [Vec<Throughput>; 3],
    refreshes: [Vec<Throughput>; 3],
}

fn measure(effort: Effort, party: Party, kind: &str) -> Result<Vec<Line>> {
    // Without a grace time every refresh rotates.
    let place = Place::new(&[WITH_APPS, "POSTERN_REFRESH_GRACE=0s"])?;
    let each = (CODES * effort.turn.as_secs_f64()) as usize;
    let (postern, bare) = (place.start(SERVED)?, bare(&place)?);
    let npm = peer::start(&place, 0, each * effort.rounds, party)?;
    let request = place.introspection("a-token");
    let mut simple = Known::learn(&bare, vec![request], |_, answer| answer.body.len() == yardstick::LENGTH)?;
    let theirs = std::fs::read_to_string(place.path().join("npm-codes"))?;
    let theirs: Vec<_> = theirs.lines().collect();
    let mut rounds = Rounds::default();
    for codes in theirs.chunks_exact(each) {
        let ours = place.codes(party, each)?;
        let turn = |server: &Server, queue, talk: &mut dyn Talk| {
            saturate(server.address, server.pid(), queue, effort.turn, talk)
        };
        let mut own = Exchanges::new(party, POSTERN, ours.iter().map(|(_, code)| code));
        let mut other = Exchanges::new(party, NPM, codes);
        rounds.exchanges[0].push(turn(&postern, QUEUE, &mut own)?);
        let yardstick = turn(&bare, introspection::QUEUE, &mut simple)?;
        rounds.exchanges[2].push(turn(&npm, QUEUE, &mut other)?);
        rounds.refreshes[0].push(turn(&postern, QUEUE, &mut Refreshes::new(party, POSTERN, own.tokens))?);
        rounds.refreshes[2].push(turn(&npm, QUEUE, &mut Refreshes::new(party, NPM, other.tokens))?);
        rounds.exchanges[1].push(yardstick);
        rounds.refreshes[1].push(yardstick);
    }
    let signing = Signing::measure(effort, &place)?;
    let Rounds { exchanges, refreshes } = rounds;
    let mut lines = told(&format!("code exchange, {kind},"), exchanges, party, &signing);
    lines.append(&mut told(&format!("refresh grant, {kind},"), refreshes, party, &signing));
    Ok(lines)
}

fn told(what: &str, [own, bare, npm]: [Vec<Throughput>; 3], party: Party, signing: &Signing) -> Vec<Line> {
    let share = signing.share(what, &own, party);
    let with_npm = [own.clone(), npm];
    vec![
        against(&format!("{what} to a bare handler, one core"), &[own, bare], Aim::Told),
        against(&format!("{what} to npm oidc-provider 9, one core"), &with_npm, Aim::Told),
        costs("the same, by processor time", &with_npm),
        share,
    ]
}

/// Microseconds of processor time that a signed token takes, by algorithm.
struct Signing {
    rs256: f64,
    es256: f64,
    eddsa: f64,
}

impl Signing {
    fn measure(effort: Effort, place: &Place) -> Result<Self> {
        let printed = aside(SERVED, place.path(), &["sign", &effort.seconds()])?;
        let mut costs = printed.trim().split(' ').map(str::parse::<f64>);
        let mut next = || -> Result<f64> { Ok(costs.next().ok_or("three figures")??) };
        Ok(Self { rs256: next()?, es256: next()?, eddsa: next()? })
    }

    /// What the two signatures take of all that an answer costs; that of the access token is by ES256.
    fn share(&self, what: &str, own: &[Throughput], party: Party) -> Line {
        let both = self.es256 + if party.algorithm == "RS256" { self.rs256 } else { self.es256 };
        let whole: Vec<f64> = own.iter().map(|it| it.cost.0 + it.cost.1).collect();
        let [both_in_print, whole_in_print] = [both, median(&whole)].map(short);
        let [rs256, es256, eddsa] = [self.rs256, self.es256, self.eddsa].map(short);
        Line {
            what: format!("{what} what signing costs of it"),
            figures: whole.iter().map(|whole| both / whole * 100.0).collect(),
            unit: " %",
            aim: Aim::Told,
            behind: format!(
                "{both_in_print} of {whole_in_print} µs; a token signed by RS256 takes {rs256}, ES256 {es256}, EdDSA {eddsa} µs"
            ),
        }
    }
}
