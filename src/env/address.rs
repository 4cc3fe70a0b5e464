//! Web addresses, networks, hosts.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

use super::fault::{Fault, Parsed};

/// An http or https address without a user or password in it.
///
/// # Errors
/// No such address.
pub fn web(text: &str) -> Parsed<Url> {
    let fault = |wrong| Fault::new(wrong, "Write an address such as https://chat.example.com");
    let url = Url::parse(text).map_err(|_| fault("is not a web address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(fault("is not an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("holds a user name or password"));
    }
    Ok(url)
}

/// The address of an app: as [`web`], without query and fragment; a trailing slash is cut.
///
/// # Errors
/// No such address.
pub fn base(text: &str) -> Parsed<Url> {
    let mut url = web(text)?;
    let fault = |wrong| Fault::new(wrong, "Write scheme, host and, if need be, a path: https://chat.example.com/auth");
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fault("holds a query or a fragment"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    if path.contains("//") || !path.chars().all(is_plain) {
        return Err(fault("has a path with other characters than letters, digits and - _ . ~"));
    }
    url.set_path(&path);
    Ok(url)
}

/// Whether only this machine can mean `url`: `localhost`, a name below it, 127.0.0.0/8 or `::1`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// A network in CIDR form, or one address. IPv4 written as IPv6 becomes IPv4.
///
/// # Errors
/// No network, or one that holds every address.
pub fn network(text: &str) -> Parsed<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
        Fault::new("holds something that is not a network", "Write networks by comma, such as 10.0.0.0/8, fd00::/8")
    })?;
    let network = canonical(network).trunc();
    if network.prefix_len() == 0 {
        return Err(Fault::new("names every address there is", "Write the networks that are meant, and no more"));
    }
    Ok(network)
}

fn canonical(network: IpNet) -> IpNet {
    let (IpAddr::V4(address), IpNet::V6(_)) = (network.addr().to_canonical(), network) else { return network };
    let length = network.prefix_len().checked_sub(96);
    length.and_then(|length| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

/// An e-mail domain in lower-case ASCII (IDNA, UTS #46).
///
/// # Errors
/// No domain.
pub fn domain(text: &str) -> Parsed<String> {
    let fault = || Fault::new("holds something that is not a domain", "Write domains by comma, such as example.com");
    let ascii = idna::domain_to_ascii(text).map_err(|_| fault())?.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if ascii.len() > 253 || !ascii.split('.').all(is_label) {
        return Err(fault());
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_base_address_is_plain() {
        let read = |text: &str| base(text).map(|url| url.to_string());
        assert_eq!(read("https://Auth.example.com:443/"), Ok("https://auth.example.com/".into()));
        assert_eq!(read("https://chat.example.com/auth/"), Ok("https://chat.example.com/auth".into()));
        for text in [
            "",
            "auth.example.com",
            "ftp://a.example",
            "https://",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example/?",
            "https://a.example/#",
            "https://a.example//b",
            "https://a.example/%2f",
            "https://a.example/a;b",
        ] {
            assert!(base(text).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for text in
            ["http://localhost:1", "http://auth.localhost", "http://127.9.9.9", "http://[::1]", "http://localhost."]
        {
            assert!(web(text).is_ok_and(|url| is_loopback(&url)), "{text}");
        }
        for text in ["http://localhost.example.com", "http://0.0.0.0", "http://10.0.0.1", "http://notlocalhost"] {
            assert!(web(text).is_ok_and(|url| !is_loopback(&url)), "{text}");
        }
    }

    #[test]
    fn networks_are_cidr_and_never_everything() {
        let read = |text: &str| network(text).map(|it| it.to_string());
        assert_eq!(read("10.1.2.3/8"), Ok("10.0.0.0/8".into()));
        assert_eq!(read("10.1.2.3"), Ok("10.1.2.3/32".into()));
        assert_eq!(read("::ffff:10.0.0.0/104"), Ok("10.0.0.0/8".into()));
        for text in ["0.0.0.0/0", "::/0", "::ffff:0:0/96", "10.0.0.0/33", "proxy", ""] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn domains_become_ascii() {
        assert_eq!(domain("Bücher.Example"), Ok("xn--bcher-kva.example".into()));
        for text in ["", "@example.com", "*.example.com", "a..b", "a b", "example.com."] {
            assert!(domain(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = (web(&text), base(&text), network(&text), domain(&text));
        }
    }
}
