//! Introspection: the hit and the miss against a bare handler.

use super::Effort;
use crate::Result;
use crate::aside::yardstick;
use crate::http::{Answer, Connection};
use crate::load::{Queue, Talk, Throughput, arrivals, saturate};
use crate::place::{Place, Seed};
use crate::report::{Aim, Line, medians, short};
use crate::server::{SERVED, Server};
use crate::statistics::{median, percentile};

/// Connections that the chat backend keeps open.
pub const QUEUE: Queue = Queue { lanes: 32, burst: 16 };
/// Tokens that are in use at once.
const TOKENS: usize = 1000;

/// Sends the same requests over and over, and knows the answer to each.
pub struct Known {
    requests: Vec<Vec<u8>>,
    bodies: Vec<Vec<u8>>,
    next: usize,
    asked: Vec<usize>,
}

impl Known {
    /// Learns the answers by asking once; `is_right` judges each by its request's number.
    ///
    /// # Errors
    /// When one is wrong.
    pub fn learn(
        server: &Server,
        requests: Vec<Vec<u8>>,
        is_right: impl Fn(usize, &Answer<'_>) -> bool,
    ) -> Result<Self> {
        let mut connection = Connection::open(server.address)?;
        let mut bodies = Vec::with_capacity(requests.len());
        for (number, request) in requests.iter().enumerate() {
            let answer = connection.ask(request)?;
            if answer.status != 200 || !is_right(number, &answer) {
                return Err(format!("{}: {}", answer.status, answer.text()).into());
            }
            bodies.push(answer.body.to_vec());
        }
        Ok(Self { requests, bodies, next: 0, asked: vec![0; QUEUE.lanes] })
    }

    /// Whether `answer` is what was learnt for request `number`.
    ///
    /// # Errors
    /// When it is not.
    pub fn compare(&self, number: usize, answer: &Answer<'_>) -> Result<()> {
        if answer.status == 200 && answer.body == self.bodies[number % self.bodies.len()] {
            return Ok(());
        }
        Err(format!("{}: {}", answer.status, answer.text()).into())
    }

    /// The request `number`, counted round and round.
    #[must_use]
    pub fn request(&self, number: usize) -> Vec<u8> {
        self.requests[number % self.requests.len()].clone()
    }
}

impl Talk for Known {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        self.next = (self.next + 1) % self.requests.len();
        self.asked[lane] = self.next;
        Some(&self.requests[self.next])
    }

    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()> {
        self.compare(self.asked[lane], answer)
    }
}

/// Starts the bare handler on the core that is measured.
pub fn bare(place: &Place) -> Result<Server> {
    let own = std::env::current_exe()?.to_string_lossy().into_owned();
    Server::start(SERVED, place.path(), &[&own, "yardstick"])
}

/// The answer to the token of `seed`.
pub fn is_of(seed: &Seed, answer: &Answer<'_>) -> bool {
    serde_json::from_slice::<serde_json::Value>(answer.body)
        .is_ok_and(|body| body["active"] == true && body["email"] == seed.email.as_str() && body["sid"].is_string())
}

/// The two targets, each with what it was taught.
pub fn targets(place: &Place, seeds: &[Seed]) -> Result<[(Server, Known); 2]> {
    let requests: Vec<_> = seeds.iter().map(|seed| place.introspection(&seed.token)).collect();
    let (postern, bare) = (place.start(SERVED)?, bare(place)?);
    let known = Known::learn(&postern, requests.clone(), |number, answer| is_of(&seeds[number], answer))?;
    let learnt = Known::learn(&bare, requests, |_, answer| answer.body.len() == yardstick::LENGTH)?;
    Ok([(postern, known), (bare, learnt)])
}

/// Hits: requests a second of one core, and the p99 at 2,000 a second.
pub fn hit(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    let seeds = place.seed(TOKENS)?;
    let mut targets = targets(&place, &seeds)?;
    let (mut rounds, mut waits) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..effort.rounds {
        for ((server, known), round) in targets.iter_mut().zip(&mut rounds) {
            round.push(saturate(server.address, server.pid(), QUEUE, effort.turn, known)?);
        }
        for ((server, known), round) in targets.iter().zip(&mut waits) {
            let request = |number| known.request(number as usize);
            let check = |number, answer: &Answer<'_>| known.compare(number as usize, answer);
            round.push(percentile(&arrivals(server.address, 2000, effort.turn, &request, &check)?, 0.99));
        }
    }
    let [own, bare] = &waits;
    let length = targets[0].1.bodies[0].len();
    Ok(vec![
        against("introspection hit to a bare handler, one core", &rounds, Aim::AtLeast(1.0, 0.8)),
        costs("the same, by processor time", &rounds),
        Line {
            what: "p99 of a hit at 2,000/s".into(),
            figures: own.clone(),
            unit: " ms",
            aim: Aim::AtMost(2.0 * median(bare), 1.0),
            behind: format!("bare {}; bodies {length} and {} bytes", medians(bare, "ms"), yardstick::LENGTH),
        },
    ])
}

/// The ratio of each round, by requests a second.
pub fn against(what: &str, [own, yardstick]: &[Vec<Throughput>; 2], aim: Aim) -> Line {
    let figures = own.iter().zip(yardstick).map(|(own, yardstick)| own.rate / yardstick.rate).collect();
    let rates = |rounds: &[Throughput]| rounds.iter().map(|it| it.rate).collect::<Vec<_>>();
    let load = own.iter().chain(yardstick).map(|it| it.load).fold(0.0, f64::max);
    let behind = format!(
        "{} to {}; load generator at most {} % busy",
        medians(&rates(own), "/s"),
        medians(&rates(yardstick), "/s"),
        short(load * 100.0)
    );
    Line { what: what.into(), figures, unit: "", aim, behind }
}

/// The ratio of each round, by processor time.
pub fn costs(what: &str, [own, yardstick]: &[Vec<Throughput>; 2]) -> Line {
    let whole = |it: &Throughput| it.cost.0 + it.cost.1;
    let figures = own.iter().zip(yardstick).map(|(own, yardstick)| whole(yardstick) / whole(own)).collect();
    let costs = |rounds: &[Throughput]| {
        let (program, system): (Vec<f64>, Vec<f64>) = rounds.iter().map(|it| it.cost).unzip();
        format!("{} + {} µs", short(median(&program)), short(median(&system)))
    };
    let behind = format!("{} to {} (the program + the system for it)", costs(own), costs(yardstick));
    Line { what: what.into(), figures, unit: "", aim: Aim::Told, behind }
}
