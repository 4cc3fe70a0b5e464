//! Signing in: its speed against a bare loop of hashes, and what a storm of it leaves to others.

use std::thread;

use super::Effort;
use super::introspection::{Known, is_of};
use crate::Result;
use crate::aside::seed::PASSWORD;
use crate::http::{Answer, post_json};
use crate::load::{Queue, Talk, arrivals, saturate};
use crate::place::{Place, Seed, aside};
use crate::report::{Aim, Line, medians};
use crate::server::{BOTH, SERVED};
use crate::statistics::{median, percentile};

/// People who sign in at once: enough that the hashing thread never waits, within its queue.
const QUEUE: Queue = Queue { lanes: 16, burst: 1 };

/// Everybody signs in over and over.
pub struct SignIns {
    requests: Vec<Vec<u8>>,
    emails: Vec<String>,
    next: usize,
    asked: Vec<usize>,
}

impl SignIns {
    /// By the people of `seeds`, on so many connections.
    pub fn new(seeds: &[Seed], lanes: usize) -> Self {
        let mut emails: Vec<String> = seeds.iter().map(|seed| seed.email.clone()).collect();
        emails.dedup();
        let requests = emails.iter().map(|email| request(email, PASSWORD)).collect();
        Self { requests, emails, next: 0, asked: vec![0; lanes] }
    }
}

impl Talk for SignIns {
    fn next(&mut self, lane: usize) -> Option<&[u8]> {
        self.next = (self.next + 1) % self.requests.len();
        self.asked[lane] = self.next;
        Some(&self.requests[self.next])
    }

    fn check(&mut self, lane: usize, answer: &Answer<'_>) -> Result<()> {
        if answer.status == 200 && is_signed_in(answer, &self.emails[self.asked[lane]]) {
            return Ok(());
        }
        Err(format!("{}: {}", answer.status, answer.text()).into())
    }
}

/// The request that signs somebody in.
pub fn request(email: &str, password: &str) -> Vec<u8> {
    let body = serde_json::json!({ "email": email, "password": password });
    post_json("/api/auth/login", "", &body.to_string())
}

/// Whether `answer` has a token and a cookie for `email`.
pub fn is_signed_in(answer: &Answer<'_>, email: &str) -> bool {
    serde_json::from_slice::<serde_json::Value>(answer.body).is_ok_and(|body| {
        body["token"].as_str().is_some_and(|token| token.starts_with("eyJ")) && body["user"]["email"] == email
    }) && super::refresh::cookie(answer).is_some()
}

/// Sign-ins a second against hashes a second, one core and one hashing thread each.
pub fn against_hashes(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&["POSTERN_HASH_THREADS=1"])?;
    let seeds = place.seed(QUEUE.lanes * 10)?;
    let server = place.start(SERVED)?;
    let (mut figures, mut sign_ins, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let mut talk = SignIns::new(&seeds, QUEUE.lanes);
        let done = saturate(server.address, server.pid(), QUEUE, effort.turn, &mut talk)?;
        let loop_rate: f64 = aside(SERVED, place.path(), &["argon2", &effort.seconds()])?.trim().parse()?;
        figures.push(done.rate / loop_rate);
        sign_ins.push(done.rate);
        hashes.push(loop_rate);
    }
    Ok(vec![Line {
        what: "sign-in to argon2id with memory kept, one core".into(),
        figures,
        unit: "",
        aim: Aim::AtLeast(0.95, 0.90),
        behind: format!("{} to {}", medians(&sign_ins, "/s"), medians(&hashes, "/s")),
    }])
}

/// The p99 of introspection at 500 a second while others sign in as fast as they can: server and
/// load share both cores.
pub fn storm(effort: Effort) -> Result<Vec<Line>> {
    const CROWD: Queue = Queue { lanes: 48, burst: 1 };
    let place = Place::new(&[])?;
    let seeds = place.seed(1000)?;
    let server = place.start(BOTH)?;
    let requests = seeds.iter().map(|seed| place.introspection(&seed.token)).collect();
    let known = Known::learn(&server, requests, |number, answer| is_of(&seeds[number], answer))?;
    let request = |number| known.request(number as usize);
    let check = |number, answer: &Answer<'_>| known.compare(number as usize, answer);
    let (mut calm, mut stormy, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        calm.push(percentile(&arrivals(server.address, 500, effort.turn, &request, &check)?, 0.99));
        let (waits, rate) = thread::scope(|scope| {
            let mut talk = SignIns::new(&seeds, CROWD.lanes);
            let (address, pid, time) = (server.address, server.pid(), effort.turn);
            let crowd = scope.spawn(move || saturate(address, pid, CROWD, time, &mut talk));
            let waits = arrivals(server.address, 500, effort.turn, &request, &check);
            let rate = crowd.join().map_err(|_| "a thread panicked")??.rate;
            Ok::<_, crate::Fault>((waits?, rate))
        })?;
        stormy.push(percentile(&waits, 0.99));
        rates.push(rate);
    }
    Ok(vec![Line {
        what: "p99 of introspection at 500/s in a storm of sign-ins, two cores".into(),
        figures: stormy,
        unit: " ms",
        aim: Aim::AtMost(10.0, 20.0),
        behind: format!("without the storm {:.2} ms; {} sign-ins", median(&calm), medians(&rates, "/s")),
    }])
}
