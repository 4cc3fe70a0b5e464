//! What the public address, the chat's addresses and those that we listen on must be to each other.

use std::net::SocketAddr;

use url::Url;

use super::web::{Listen, Settings};
use crate::env::address::is_loopback;
use crate::env::{Env, Fault};

const URL: &str = "POSTERN_URL";
const SECURE: &str = "SESSION_COOKIE_SECURE";

/// Plain http only on this machine, or where the operator has said that cookies are not to be secure.
pub(super) fn check_scheme(env: &mut Env, url: &Url, secure: Option<bool>) {
    let is_https = url.scheme() == "https";
    match secure {
        Some(false) if is_https => {
            let right = "Take it out, or write true: with https cookies are always secure";
            env.problem(SECURE, Fault::new("is false although POSTERN_URL is https", right));
        }
        Some(false) if !is_loopback(url) => env.warn(
            URL,
            "http off this machine, allowed by SESSION_COOKIE_SECURE=false: whoever is on the way reads passwords and cookies.",
        ),
        _ if !is_https && !is_loopback(url) => {
            let right = "Write the https address, or SESSION_COOKIE_SECURE=false if this must be";
            env.problem(URL, Fault::new("is http on a host that is not this machine", right));
        }
        _ => {}
    }
}

/// A chat that the world can reach needs a Postern that the world can reach, under an address of its own.
pub(super) fn check_chat(env: &mut Env, url: &Url, client: Option<&Url>, server: &Url) {
    let is_public = client.is_some_and(|client| !is_loopback(client)) || !is_loopback(server);
    if !env.is_set(URL) && is_public {
        let right = "Write the address under which browsers reach Postern, a host of its own \
                     (https://auth.example.com) or a path on the chat's (https://chat.example.com/auth)";
        env.problem(URL, Fault::new("is not set although the chat's address is public", right));
    }
    for (name, chat) in [("DOMAIN_CLIENT", client), ("DOMAIN_SERVER", Some(server))] {
        if chat == Some(url) {
            env.problem(name, Fault::new("is Postern's own address", "Write the chat's address"));
        }
    }
}

/// Behind a proxy that nobody named, everybody would share the proxy's address in limits and bans.
pub(super) fn check_listen(env: &mut Env, url: &Url, listen: &[Listen], has_proxies: bool) {
    const LISTEN: &str = "POSTERN_LISTEN";
    let tcp = || listen.iter().filter_map(tcp);
    for (at, one) in listen.iter().enumerate() {
        if listen[..at].contains(one) {
            env.problem(LISTEN, Fault::new("names one address twice", "Name each address once"));
        }
    }
    if url.scheme() == "https" && !has_proxies {
        env.warn(
            "POSTERN_TRUSTED_PROXIES",
            "empty, although POSTERN_URL is https and Postern itself speaks http: whatever speaks https before it is not \
             believed, so that all people count as one address in limits and bans. Name the network that it comes from, \
             127.0.0.1 for one on this machine, or let Postern speak https by POSTERN_TLS_CERTIFICATE.",
        );
    }
    if !env.is_set(URL) && tcp().next().is_some() && tcp().all(|it| it.port() != 0 && Some(it.port()) != url.port()) {
        let url = url.as_str().trim_end_matches('/');
        env.warn(URL, format!("not set, so links and cookies are for {url}, where POSTERN_LISTEN does not listen."));
    }
}

/// Where we speak https ourselves nobody reaches us by http, and only TCP addresses speak it.
pub(super) fn check_own_https(env: &mut Env, url: Option<&Url>, listen: Option<&[Listen]>) {
    if url.is_some_and(|url| url.scheme() != "https") {
        let right = "Write it with https, or let Postern speak http";
        env.problem(URL, Fault::new("is http although POSTERN_TLS or a certificate makes Postern speak https", right));
    }
    if listen.is_some_and(|listen| listen.iter().filter_map(tcp).next().is_none()) {
        env.warn("POSTERN_TLS", "nothing speaks https: POSTERN_LISTEN names no TCP address, and sockets stay plain.");
    }
}

/// Metrics are for the operator: they need a listener of their own.
pub(super) fn check_metrics(env: &mut Env, listen: &[Listen], metrics: Option<SocketAddr>) {
    let Some(metrics) = metrics else { return };
    let meets = |it: SocketAddr| {
        let is_any = it.ip().is_unspecified() || metrics.ip().is_unspecified();
        it.port() == metrics.port() && it.port() != 0 && (is_any || it.ip() == metrics.ip())
    };
    if listen.iter().filter_map(tcp).any(meets) {
        let fault = Fault::new("is an address of POSTERN_LISTEN too", "Write another port, such as 127.0.0.1:9464");
        env.problem("POSTERN_METRICS_LISTEN", fault);
    }
}

/// What a sign-in elsewhere leaves in the browser for the chat is seen there only on our own host.
pub(super) fn check_handing_over(env: &mut Env, web: &Settings, has_connectors: bool) {
    let Some(client) = web.domain_client.as_ref().filter(|_| has_connectors) else { return };
    if client.host_str() != web.url.host_str() {
        let words = "on another host than POSTERN_URL, so a sign-in through other providers that the chat begins itself \
                     cannot be handed over: let the chat come in by OpenID Connect, or put Postern on its host.";
        env.warn("DOMAIN_CLIENT", words);
    }
}

fn tcp(listen: &Listen) -> Option<SocketAddr> {
    match listen {
        Listen::Tcp(address) => Some(*address),
        Listen::Unix(_) => None,
    }
}
