//! Which addresses may be called (SEC-126).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// What of IPv4 is no public host: the IANA IPv4 Special-Purpose Address Registry (RFC 6890), less
/// what it calls globally reachable and every host may be at, and all from multicast upwards.
const V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The global unicast addresses of IPv6 (RFC 4291 section 2.4). Whatever is outside is none: loopback,
/// IPv4 in any of its wrappings, NAT64 (RFC 6052), unique local, link-local, multicast.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of it is no public host (IANA IPv6 Special-Purpose Address Registry): protocols such as Teredo,
/// documentation, and 6to4, which wraps IPv4.
const V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether anybody on the internet may have a host there.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !V4.iter().any(|(network, length)| {
            let differ = address.to_bits() ^ network.to_bits();
            differ >> (32 - length) == 0
        }),
        IpAddr::V6(address) => {
            let is_in = |(network, length): &(Ipv6Addr, u32)| {
                let differ = address.to_bits() ^ network.to_bits();
                differ >> (128 - length) == 0
            };
            is_in(&GLOBAL_V6) && !V6.iter().any(is_in)
        }
    }
}

/// How a call travels, which decides where it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// https: to public hosts, and to the networks that the operator named.
    Encrypted,
    /// Plain http: to the networks that the operator named, and nowhere else.
    Plain,
}

impl Transport {
    /// That of `url`; none for other schemes.
    pub(super) fn of(url: &Url) -> Option<Self> {
        match url.scheme() {
            "https" => Some(Self::Encrypted),
            "http" => Some(Self::Plain),
            _ => None,
        }
    }

    /// Whether a call may go to `address`, where the operator has named `networks`.
    pub(super) fn reaches(self, address: IpAddr, networks: &[IpNet]) -> bool {
        let plain_form = address.to_canonical();
        let is_named = networks.iter().any(|network| network.contains(&plain_form));
        is_named || (self == Self::Encrypted && is_public(address))
    }
}

/// Whether a stranger may have `url` called, where the operator has named `networks`, as far as it
/// shows without asking for addresses: whoever calls it looks at those too.
#[must_use]
pub fn may_be_called(url: &str, networks: &[IpNet]) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let Some(transport) = Transport::of(&url) else { return false };
    match literal(&url) {
        Some(address) => transport.reaches(address, networks),
        None => transport == Transport::Encrypted && url.host_str().is_some_and(is_public_name),
    }
}

/// Whether a host of the internet may be called `name` (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`).
fn is_public_name(name: &str) -> bool {
    const PRIVATE: [&str; 4] = ["localhost", "local", "internal", "arpa"];
    let last = name.trim_end_matches('.').rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| !PRIVATE.contains(&last))
}

/// The address that stands in `url` as a number: no resolver sees those.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}
