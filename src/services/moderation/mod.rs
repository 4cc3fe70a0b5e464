//! Limits and bans.

mod settings;

pub use settings::{Limit, Settings};

use std::net::IpAddr;

/// Who is calling: the address behind trusted proxies, and what the browser calls itself.
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
