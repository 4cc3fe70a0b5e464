//! Who is calling, as far as the network tells.

use std::net::IpAddr;

/// The address behind trusted proxies, and what the browser calls itself.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The address of the person, not of a proxy.
    pub address: IpAddr,
    /// The `User-Agent`, cut to a sane length.
    pub user_agent: String,
    /// The id of this request, for logs and audit rows.
    pub request_id: String,
}

impl Caller {
    /// What is counted: an IPv4 address, or the /64 of an IPv6 address (one household or server).
    #[must_use]
    pub fn network(&self) -> String {
        match self.address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_124_ipv6_counts_by_its_64() {
        let network = |address: &str| {
            let caller = Caller {
                address: address.parse().expect("an address"),
                user_agent: String::new(),
                request_id: String::new(),
            };
            caller.network()
        };
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
