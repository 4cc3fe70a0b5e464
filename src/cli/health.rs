//! `postern health`: whether the server that these settings start is ready, asked on its own
//! listeners. For container health checks and scripts that wait.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::config::web::Listen;
use crate::config::{Config, Missing};
use crate::env::Env;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;

/// How long an answer may take; a server that takes longer is none that one should be sent to.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a listener answered.
struct Heard {
    is_ready: bool,
    words: String,
}

/// Asks every configured listener; fails unless all of them are ready.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when one is not.
pub(super) async fn run(mut env: Env, json: bool, out: &mut impl Write) -> Result<()> {
    // Nothing is made: to ask is no start.
    let config = Config::read(&mut env, Missing::Foretell(&Random::system()));
    let words = "The settings have problems, which `postern config check` tells.";
    let config = config.ok_or_else(|| Error::new(ErrorKind::InvalidInput, words))?;
    let mut answers = Vec::new();
    for listen in &config.web.listen {
        let scheme = if config.tls.is_some() && matches!(listen, Listen::Tcp(_)) { "https" } else { "http" };
        answers.push((listen, ask(listen, scheme).await?));
    }
    let is_ready = answers.iter().all(|(_, heard)| heard.is_ready);
    if json {
        let listeners: Vec<Value> = answers.iter().map(|(listen, heard)| described(listen, heard)).collect();
        say(out, json!({"ready": is_ready, "listeners": listeners}))?;
    } else {
        answers.iter().try_for_each(|(listen, heard)| say(out, format_args!("{listen}: {}", heard.words)))?;
    }
    if is_ready { Ok(()) } else { Err(Error::new(ErrorKind::Unavailable, "Postern is not ready.")) }
}

fn described(listen: &Listen, heard: &Heard) -> Value {
    json!({"address": listen.to_string(), "ready": heard.is_ready, "words": heard.words})
}

fn say(out: &mut impl Write, text: impl std::fmt::Display) -> Result<()> {
    writeln!(out, "{text}").map_err(Error::internal)
}

/// What the listener at `listen` says of itself. `/readyz` answers at its root, whatever path the
/// issuer has.
async fn ask(listen: &Listen, scheme: &str) -> Result<Heard> {
    let host = match listen {
        Listen::Tcp(address) => reachable(*address).to_string(),
        Listen::Unix(_) => "localhost".to_owned(),
    };
    let no_answer = |words: String| Heard { is_ready: false, words };
    let response = match client(listen)?.get(format!("{scheme}://{host}/readyz")).send().await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => return Ok(no_answer(format!("no answer within {} s", PATIENCE.as_secs()))),
        Err(_) => return Ok(no_answer("nobody answers there".to_owned())),
    };
    Ok(match response.status() {
        StatusCode::OK => Heard { is_ready: true, words: "ready".to_owned() },
        StatusCode::SERVICE_UNAVAILABLE => no_answer(response.text().await.unwrap_or_default().trim().to_owned()),
        status => no_answer(format!("something else answers there ({status})")),
    })
}

fn client(listen: &Listen) -> Result<Client> {
    // Which certificate it shows is for those who come by its name; nothing of worth is sent here.
    let certificates = Client::builder().tls_certs_only([]).tls_danger_accept_invalid_certs(true);
    let client = certificates.redirect(Policy::none()).no_proxy().timeout(PATIENCE);
    let client = match listen {
        Listen::Unix(path) => client.unix_socket(path.as_path()),
        Listen::Tcp(_) => client,
    };
    client.build().map_err(Error::internal)
}

/// An address that listens on every network answers on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_holds_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:3081", "127.0.0.1:3081"),
            ("[::]:3081", "[::1]:3081"),
            ("10.0.0.7:3081", "10.0.0.7:3081"),
            ("127.0.0.1:1", "127.0.0.1:1"),
        ] {
            assert_eq!(reachable(listen.parse().expect("an address")).to_string(), asked);
        }
    }
}
