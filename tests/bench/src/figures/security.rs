//! The clock figures of security.md: what a test cannot judge by counting.

use std::time::{Duration, Instant};

use super::Effort;
use super::introspection::{Known, is_of};
use super::sign_in::{is_signed_in, request};
use crate::Result;
use crate::aside::seed::PASSWORD;
use crate::http::{Connection, get, post, post_json};
use crate::load::arrivals;
use crate::place::Place;
use crate::report::{Aim, Line, short};
use crate::server::{BOTH, Server};
use crate::statistics::{mann_whitney, median, percentile, range};

/// Tries of each kind of person (SEC-018).
const TRIES: usize = 200;

/// SEC-018: whether a wrong password takes as long whoever it is for. p below 0.001 with medians
/// more than 5 % apart is looked at again, and is a finding when it stays.
pub fn timing(_: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    place.seed(30)?;
    place.command(&["user", "ban", "person1@example.com"])?;
    place.command(&["user", "disable", "person2@example.com"])?;
    let server = place.start(BOTH)?;
    let people = [("known", "person0"), ("unknown", "nobody"), ("banned", "person1"), ("disabled", "person2")];
    let mut waits = tries(&server, &people.map(|(_, name)| format!("{name}@example.com")))?;
    if (1..people.len()).any(|kind| is_apart(&waits[0], &waits[kind])) {
        waits = tries(&server, &people.map(|(_, name)| format!("{name}@example.com")))?;
    }
    let line = |kind: usize| {
        let (known, other) = (median(&waits[0]), median(&waits[kind]));
        let finding = if is_apart(&waits[0], &waits[kind]) { "a **finding**" } else { "no finding" };
        let p = short(mann_whitney(&waits[0], &waits[kind]));
        Line {
            what: format!("SEC-018 wrong password: {} to known", people[kind].0),
            figures: vec![other / known],
            unit: "",
            aim: Aim::Told,
            behind: format!("medians {other:.2} and {known:.2} ms, p = {p} ({TRIES} tries each): {finding}"),
        }
    };
    Ok((1..people.len()).map(line).collect())
}

fn is_apart(one: &[f64], other: &[f64]) -> bool {
    let ratio = median(one) / median(other);
    mann_whitney(one, other) < 0.001 && !(0.95..=1.05).contains(&ratio)
}

/// Milliseconds of each try, the people in turn; the answers must be the same but for their ids.
fn tries(server: &Server, emails: &[String]) -> Result<Vec<Vec<f64>>> {
    let mut connection = Connection::open(server.address)?;
    let mut waits = vec![Vec::with_capacity(TRIES); emails.len()];
    let mut first: Option<Vec<u8>> = None;
    for _ in 0..TRIES {
        for (email, waits) in emails.iter().zip(&mut waits) {
            let began = Instant::now();
            let answer = connection.ask(&request(email, "not the password of anybody"))?;
            waits.push(began.elapsed().as_secs_f64() * 1e3);
            let same = first.get_or_insert_with(|| without_id(answer.body)) == &without_id(answer.body);
            if answer.status != 401 || !same {
                return Err(format!("{email}: {}: {}", answer.status, answer.text()).into());
            }
        }
    }
    Ok(waits)
}

/// A body without the id of its request, which is the last member.
fn without_id(body: &[u8]) -> Vec<u8> {
    let mut body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, value| !name.contains("id") && !value.to_string().contains("request"));
    }
    body.to_string().into_bytes()
}

/// SEC-012 and SEC-127: what is too large is refused at once.
pub fn limits(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    place.seed(10)?;
    let server = place.start(BOTH)?;
    let line = |what: &str, status: u16, bound: f64, request: Vec<u8>| -> Result<Line> {
        let waits = refusals(&server, effort, status, &request)?;
        Ok(Line {
            what: format!("{what}: the slowest {status}"),
            figures: vec![range(&waits).1],
            unit: " ms",
            aim: Aim::AtMost(bound, bound * 10.0),
            behind: format!("median {:.2} ms of {}", median(&waits), waits.len()),
        })
    };
    let before = server.memory("VmHWM")?;
    let form = |body: &str| post("/oauth2/introspect", "", "application/x-www-form-urlencoded", body);
    let login = |body: &str| post_json("/api/auth/login", "", body);
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let mut lines = vec![
        line("SEC-012 password of 129 characters", 400, 20.0, request("person0@example.com", &"x".repeat(129)))?,
        line("SEC-127 body over 64 KiB", 413, 100.0, login(&format!("\"{}\"", "x".repeat(65 * 1024))))?,
        line("SEC-127 header over 32 KiB", 431, 100.0, with_header(&"x".repeat(33 * 1024)))?,
        line("SEC-127 URL over 16 KiB", 414, 100.0, get(&format!("/healthz?{}", "x".repeat(17 * 1024))))?,
        line("SEC-127 101 parameters", 400, 100.0, form(&vec!["a=b"; 101].join("&")))?,
        line("SEC-127 JSON 40 deep", 400, 100.0, login(&format!("{{\"email\":{deep}}}")))?,
        line("SEC-127 compressed body", 415, 100.0, compressed())?,
    ];
    let grown = server.memory("VmHWM")? - before;
    lines.push(Line {
        what: "memory that all of these took at the most".into(),
        figures: vec![grown],
        unit: " MiB",
        aim: Aim::Told,
        behind: String::new(),
    });
    Ok(lines)
}

fn with_header(value: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-long: {value}\r\n\r\n").into_bytes()
}

fn compressed() -> Vec<u8> {
    post_json("/api/auth/login", "content-encoding: gzip\r\n", "{}")
}

/// Milliseconds from the connect to each refusal.
fn refusals(server: &Server, effort: Effort, status: u16, request: &[u8]) -> Result<Vec<f64>> {
    let mut waits = Vec::new();
    for _ in 0..effort.rounds * 10 {
        let began = Instant::now();
        let mut connection = Connection::open(server.address)?;
        let answer = connection.ask(request)?;
        waits.push(began.elapsed().as_secs_f64() * 1e3);
        if answer.status != status {
            return Err(format!("{} in the place of {status}: {}", answer.status, answer.text()).into());
        }
    }
    Ok(waits)
}

/// SEC-153: 200 sign-ins at the same instant, with introspection going on beside them.
pub fn crowd(effort: Effort) -> Result<Vec<Line>> {
    let place = Place::new(&[])?;
    let seeds = place.seed(1000)?;
    let (mut signed_in, mut p99, mut behind) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..effort.rounds {
        let server = place.start(BOTH)?;
        let requests = seeds.iter().map(|seed| place.introspection(&seed.token)).collect();
        let known = Known::learn(&server, requests, |number, answer| is_of(&seeds[number], answer))?;
        let before = server.memory("VmHWM")?;
        let (done, waits) = std::thread::scope(|scope| {
            let crowd = scope.spawn(|| at_once(&server, 200));
            let (inspect, check) = (
                |it| known.request(it as usize),
                |it, answer: &crate::http::Answer<'_>| known.compare(it as usize, answer),
            );
            let waits = arrivals(server.address, 500, Duration::from_secs(2), &inspect, &check)?;
            Ok::<_, crate::Fault>((crowd.join().map_err(|_| "a thread panicked")??, waits))
        })?;
        signed_in.push(done as f64);
        p99.push(percentile(&waits, 0.99));
        let grown = short(server.memory("VmHWM")? - before);
        behind = format!("the rest 503 with Retry-After 1 or less; memory grew by {grown} MiB");
    }
    let line = |what: &str, figures, unit, aim, behind| Line { what: what.into(), figures, unit, aim, behind };
    // One hash runs, 64 wait, and some end while the others are still coming.
    Ok(vec![
        line("SEC-153 signed in, of 200 at once", signed_in, "", Aim::AtMost(75.0, 100.0), behind),
        line("SEC-153 p99 of introspection meanwhile", p99, " ms", Aim::AtMost(50.0, 500.0), "500/s".into()),
    ])
}

/// How many of `count` sign-ins succeed; the others must be told when to come back.
fn at_once(server: &Server, count: usize) -> Result<usize> {
    let email = "person0@example.com";
    let mut open = (0..count).map(|_| Connection::open(server.address)).collect::<Result<Vec<_>>>()?;
    let request = request(email, PASSWORD);
    open.iter_mut().try_for_each(|connection| connection.send(&request))?;
    let mut done = 0;
    for connection in &mut open {
        let answer = connection.receive()?;
        let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u32>().ok());
        match (answer.status, wait) {
            (200, _) if is_signed_in(&answer, email) => done += 1,
            (503, Some(0 | 1)) => {}
            _ => return Err(format!("{}: {}", answer.status, answer.text()).into()),
        }
    }
    Ok(done)
}
