//! Requests that the server makes itself, guarded: an address that somebody else chose must not lead
//! into the operator's own network (server-side request forgery). Public addresses only, HTTPS only where
//! keys are fetched, no proxies, bounded in size and time. The operator may allow hosts and networks.

mod functions;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

const MAX_BODY: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A host or network that may be reached although it is not public, also without TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedTarget {
    /// Every address in it.
    Network(IpNet),
    /// Whatever this name resolves to.
    Host(String),
}

impl FromStr for AllowedTarget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        match Host::parse(text) {
            Ok(Host::Domain(domain)) => Ok(Self::Host(domain)),
            _ => Err("a network like 10.0.0.0/8, an address, or a host name"),
        }
    }
}

/// Whether a request may go unencrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    Allowed,
    Refused,
}

/// Makes guarded requests.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    allowed: Arc<[AllowedTarget]>,
}

impl Outbound {
    /// With these exceptions.
    ///
    /// # Errors
    /// The machine's certificates cannot be read.
    pub fn new(allowed: Vec<AllowedTarget>) -> Result<Self, reqwest::Error> {
        let allowed: Arc<[AllowedTarget]> = allowed.into();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("Keystead/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(GuardedResolver { allowed: Arc::clone(&allowed) }))
            .build()?;
        Ok(Self { client, allowed })
    }

    /// The body behind `url`.
    ///
    /// # Errors
    /// A sentence for the log: not allowed, not reachable, not 200, too large.
    pub async fn get(&self, url: &Url) -> Result<Vec<u8>, String> {
        self.check(url, Plain::Refused)?;
        let request = self.client.get(url.clone()).header("accept", "application/json");
        let mut response = request.send().await.map_err(|error| error.without_url().to_string())?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("the answer was {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(format!("the answer is larger than {MAX_BODY} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// An address written into the URL never meets the resolver, so it is checked here.
    fn check(&self, url: &Url, plain: Plain) -> Result<(), String> {
        let (address, excepted) = match url.host() {
            Some(Host::Ipv4(v4)) => (Some(IpAddr::V4(v4)), is_allowed_address(&self.allowed, v4.into())),
            Some(Host::Ipv6(v6)) => (Some(IpAddr::V6(v6)), is_allowed_address(&self.allowed, v6.into())),
            Some(Host::Domain(domain)) => (None, is_allowed_host(&self.allowed, domain)),
            None => return Err("it names no host".into()),
        };
        if address.is_some_and(|address| !excepted && !is_public(address)) {
            return Err("it leads to an address that is not public; see --outbound-allow".into());
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if excepted || plain == Plain::Allowed => Ok(()),
            _ => Err("only https may be used".into()),
        }
    }
}

struct GuardedResolver {
    allowed: Arc<[AllowedTarget]>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let host_allowed = is_allowed_host(&allowed, name.as_str());
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| {
                    let ip = address.ip();
                    host_allowed || is_public(ip) || is_allowed_address(&allowed, ip)
                })
                .collect();
            if addresses.is_empty() {
                return Err("the name leads to no public address; see --outbound-allow".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn is_allowed_host(allowed: &[AllowedTarget], host: &str) -> bool {
    let host = host.trim_end_matches('.');
    allowed
        .iter()
        .any(|target| matches!(target, AllowedTarget::Host(name) if name.eq_ignore_ascii_case(host)))
}

fn is_allowed_address(allowed: &[AllowedTarget], address: IpAddr) -> bool {
    let address = address.to_canonical();
    allowed.iter().any(|target| matches!(target, AllowedTarget::Network(net) if net.contains(&address)))
}

/// Networks that are not the public internet (IANA special-purpose registries), and those IPv6 ones
/// that embed IPv4 addresses, which could lead back inside.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/8",
    "64:ff9b::/32",
    "100::/8",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/9",
    "ff00::/8",
];

fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let inside = |net: &&str| net.parse::<IpNet>().is_ok_and(|net| net.contains(&address));
    !NOT_PUBLIC.iter().any(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &[&str], url: &str) -> bool {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Outbound::new(allowed).unwrap().check(&url.parse().unwrap(), Plain::Refused).is_ok()
    }

    #[test]
    fn every_network_in_the_table_is_readable() {
        for net in NOT_PUBLIC {
            assert!(net.parse::<IpNet>().is_ok(), "{net}");
        }
    }

    #[test]
    fn only_https_to_public_addresses_is_allowed() {
        for good in ["https://example.com/", "https://8.8.8.8/", "https://[2606:4700::1111]/"] {
            assert!(check(&[], good), "{good}");
        }
        for bad in [
            "http://example.com/",
            "ftp://example.com/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://169.254.169.254/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fe80::1]/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0.0.0.0/",
            "https://[fd00::1]/",
            "https://[2002:7f00:1::]/",
        ] {
            assert!(!check(&[], bad), "{bad}");
        }
    }

    #[test]
    fn the_operator_can_make_exceptions() {
        assert!(check(&["10.0.0.0/8"], "http://10.1.2.3:8080/"));
        assert!(!check(&["10.0.0.0/8"], "https://192.168.0.1/"));
        assert!(check(&["idp.internal"], "http://idp.internal/jwks"));
        assert!(!check(&["idp.internal"], "http://other.internal/jwks"));
        assert!(check(&["127.0.0.1"], "http://[::ffff:127.0.0.1]/"));
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused_when_resolved() {
        let resolver = GuardedResolver { allowed: Arc::new([]) };
        assert!(resolver.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
