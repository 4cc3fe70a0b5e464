//! Which addresses are public, by table and by chance.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use url::Url;

use super::ip;
use crate::services::outgoing::address::{Transport, is_public, literal, may_be_called};

#[test]
fn sec_126_only_public_addresses_are_public() {
    for text in "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 \
        127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 \
        192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 \
        239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 \
        ::127.0.0.1 ::8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 \
        2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 \
        2002:808:808::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00::1 fe80::1 fec0::1 \
        ff02::1 ffff::1"
        .split(' ')
    {
        assert!(!is_public(ip(text)), "{text}");
    }
    for text in "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
        128.0.0.0 169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 \
        198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2600::1 \
        2a00:1450:4001::1 3ffe::1"
        .split(' ')
    {
        assert!(is_public(ip(text)), "{text}");
    }
}

#[test]
fn sec_065_a_stranger_has_only_public_places_called() {
    let networks = ["10.1.0.0/16".parse().expect("a network")];
    for good in
        ["https://a.example/x", "https://A.example./", "https://8.8.8.8/", "http://10.1.2.3/", "https://10.1.2.3/"]
    {
        assert!(may_be_called(good, &networks), "{good}");
    }
    for bad in [
        "http://a.example/",
        "http://8.8.8.8/",
        "https://10.2.0.1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://postgres/",
        "https://a.local/",
        "https://a.internal/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://[::ffff:10.2.0.1]/",
        "ftp://a.example/",
        "a.example",
    ] {
        assert!(!may_be_called(bad, &networks), "{bad}");
    }
}

proptest! {
    #[test]
    fn sec_126_no_wrapping_of_ipv4_is_public(bits in any::<u32>(), rest in any::<u64>()) {
        let four = Ipv4Addr::from_bits(bits);
        let wrapped = u128::from(bits);
        for six in [
            u128::from(four.to_ipv6_mapped()),
            wrapped,
            (0x64_ff9b_u128 << 96) | wrapped,
            (0x2002_u128 << 112) | (wrapped << 80) | u128::from(rest),
            (0x2001_u128 << 112) | (u128::from(rest) << 32) | wrapped,
        ] {
            prop_assert!(!is_public(Ipv6Addr::from_bits(six).into()));
        }
    }

    #[test]
    fn sec_126_what_the_standard_library_calls_local_is_never_public(bits in any::<u32>(), wide in any::<u128>()) {
        let four = Ipv4Addr::from_bits(bits);
        let is_local = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
            || four.is_broadcast() || four.is_documentation() || four.is_unspecified();
        prop_assert!(!(is_local && is_public(four.into())));
        for six in [wide, wide >> 64, wide | (0xfc00 << 112), wide | (0xff00 << 112)] {
            let six = Ipv6Addr::from_bits(six);
            let is_local = six.is_loopback() || six.is_unicast_link_local() || six.is_unique_local()
                || six.is_multicast() || six.is_unspecified() || six.to_ipv4().is_some();
            prop_assert!(!(is_local && is_public(six.into())));
        }
    }

    #[test]
    fn sec_126_plain_http_reaches_named_networks_and_nothing_else(bits in any::<u32>()) {
        let networks = ["10.1.0.0/16".parse().expect("a network")];
        let address = Ipv4Addr::from_bits(bits);
        let is_named = bits >> 16 == 0x0a01;
        prop_assert_eq!(Transport::Plain.reaches(address.into(), &networks), is_named);
        prop_assert_eq!(Transport::Encrypted.reaches(address.into(), &networks), is_named || is_public(address.into()));
        prop_assert_eq!(Transport::Plain.reaches(address.to_ipv6_mapped().into(), &networks), is_named);
    }

    #[test]
    fn sec_126_no_address_upsets_a_check(text in "(https?|ftp)://[\\[0-9a-fx.:%\\]@]{0,20}(:[0-9]{1,6})?/") {
        if let Ok(url) = Url::parse(&text)
            && let Some(address) = literal(&url)
        {
            prop_assert!(!Transport::Plain.reaches(address, &[]));
        }
    }
}
