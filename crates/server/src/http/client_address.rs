//! The client's address: the socket's peer; or, when that is a trusted proxy, the last address in
//! `X-Forwarded-For` that is not. The header is read from right to left, because everything to the
//! left of the first untrusted address can be made up by whoever has it.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// See the module.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    // Bytes that are no text spoil their own entry, not those that a proxy appended to them.
    let values: Vec<_> = headers
        .get_all(X_FORWARDED_FOR)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
        let Some(address) = parse(entry.trim()) else { break };
        client = address;
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// An address, which some proxies write with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn strangers_cannot_say_who_they_are() {
        assert_eq!(client("192.0.2.9", &["10.0.0.1"], &[]), "192.0.2.9");
        assert_eq!(client("192.0.2.9", &["10.0.0.1"], &["10.0.0.0/8"]), "192.0.2.9");
    }

    #[test]
    fn trusted_proxies_are_walked_from_right_to_left() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &["192.0.2.1"], trusted), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.7, 192.0.2.1, 10.0.0.2"], trusted), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.7", "192.0.2.1, 10.9.9.9"], trusted), "192.0.2.1");
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1:4711"], trusted), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"], trusted), "2001:db8::1");
    }

    #[test]
    fn without_a_readable_entry_it_is_the_nearest_proxy() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.1", &[], trusted), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, unknown"], trusted), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.2"], trusted), "10.0.0.2");
    }

    proptest! {
        #[test]
        fn what_a_client_prepends_changes_nothing(forged in "[ -~]{0,40}") {
            let honest = "198.51.100.4, 10.0.0.2";
            let value = format!("{forged},{honest}");
            prop_assert_eq!(client("10.0.0.1", &[&value], &["10.0.0.0/8"]), "198.51.100.4");
        }
    }
}
