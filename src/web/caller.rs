//! Who is calling: the person's address behind trusted proxies (SEC-122).
//!
//! Only `X-Forwarded-For` is read. Every proxy of note writes it; `Forwarded` (RFC 7239) few do,
//! and where both come it is anybody's guess which of them the nearest proxy has cleaned.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::IpNet;
use poem::http::HeaderMap;
use poem::http::header::{HeaderName, USER_AGENT};
use poem::{FromRequest, Request, RequestBody};

use crate::services::caller::Caller;
use crate::web::{Web, trace::RequestId};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Hops that are looked at: far more than any real chain has.
const HOPS: usize = 32;
const USER_AGENT_LENGTH: usize = 256;

/// The person's address: from the peer leftwards through `X-Forwarded-For` for as long as the hop
/// that vouches is inside `trusted`. An entry that is no address ends the walk at the hop that
/// wrote it. With an empty list nobody is trusted and the peer is the caller.
#[must_use]
pub fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut current = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    for entry in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')).take(HOPS) {
        if !is_trusted(&current) {
            break;
        }
        let Some(next) = std::str::from_utf8(entry).ok().and_then(address) else { break };
        current = next;
    }
    current
}

/// An entry of `X-Forwarded-For`: an address, with a port where a proxy adds one.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches([' ', '\t']);
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

/// Whether the peer of `request` is one whose forwarded headers count.
#[must_use]
pub fn is_from_trusted_proxy(request: &Request, trusted: &[IpNet]) -> bool {
    let peer = peer(request).to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// How [`forwarded`] is told.
pub const FORWARDED: HeaderName = HeaderName::from_static("postern-forwarded");
/// Whether the proxy before us says whose request it is, and whether that counts.
#[must_use]
pub fn forwarded(request: &Request, trusted: &[IpNet]) -> &'static str {
    let is_said = request.headers().contains_key(FORWARDED_FOR);
    match (is_from_trusted_proxy(request, trusted), request.headers().keys().any(is_of_a_proxy)) {
        (true, _) if is_said => "heeded",
        (true, _) => "missing",
        (false, true) => "ignored",
        (false, false) => "none",
    }
}

/// The other end of the connection. One that came by a unix socket is on this machine: it counts
/// as 127.0.0.1, and is trusted when the list says that 127.0.0.1 is.
fn peer(request: &Request) -> IpAddr {
    request.remote_addr().as_socket_addr().map_or(Ipv4Addr::LOCALHOST.into(), SocketAddr::ip)
}

/// Says once that forwarded headers came from somebody who is not listed.
#[derive(Debug, Default)]
pub struct StrangerWarning(AtomicBool);

impl StrangerWarning {
    /// Looks at `request`, whatever it asks for.
    pub(super) fn heed(&self, request: &Request, trusted: &[IpNet]) {
        if self.0.load(Ordering::Relaxed) || !request.headers().keys().any(is_of_a_proxy) {
            return;
        }
        if !is_from_trusted_proxy(request, trusted) && !self.0.swap(true, Ordering::Relaxed) {
            let peer = peer(request);
            tracing::warn!(%peer, "forwarded headers are ignored: name this proxy in POSTERN_TRUSTED_PROXIES if it is yours");
        }
    }
}

/// Whether only a proxy sends this; from anybody else it is a mistake of set-up or a lie.
fn is_of_a_proxy(name: &HeaderName) -> bool {
    name.as_str() == "forwarded" || name.as_str().starts_with("x-forwarded-")
}

impl<'a> FromRequest<'a> for Caller {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let web = Web::of(request)?;
        Ok(Self {
            address: caller(peer(request), request.headers(), &web.settings.trusted_proxies),
            user_agent: user_agent(request.headers()),
            request_id: RequestId::of(request).to_string(),
        })
    }
}

fn user_agent(headers: &HeaderMap) -> String {
    let text = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
    text.chars().filter(|letter| !letter.is_control()).take(USER_AGENT_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn walk(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).expect("a header"));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        caller(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn sec_122_the_walk_goes_from_the_right_and_only_through_listed_hops() {
        let ours = ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"];
        let cases: [(&str, &[&str], &str); 9] = [
            ("10.0.0.1", &["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, 10.1.1.1", "10.2.2.2"], "203.0.113.9"),
            ("203.0.113.1", &["6.6.6.6"], "203.0.113.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, , 10.0.0.2"], "10.0.0.2"),
            ("::ffff:10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("fd00::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ];
        for (peer, lines, expected) in cases {
            assert_eq!(walk(peer, lines, &ours), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn sec_117_an_empty_list_trusts_nobody() {
        for peer in ["127.0.0.1", "::1", "10.0.0.1"] {
            assert_eq!(walk(peer, &["203.0.113.9"], &[]), peer);
        }
    }

    proptest! {
        /// Whatever a client writes in front, the caller is what the trusted proxy appended.
        #[test]
        fn sec_122_what_a_client_writes_changes_nothing(forged in "[ -~]{0,60}", real in any::<std::net::Ipv4Addr>()) {
            prop_assume!(real.octets()[0] != 10);
            let line = format!("{forged}, {real}");
            prop_assert_eq!(walk("10.0.0.1", &[&line], &["10.0.0.0/8"]), real.to_string());
        }
    }
}
