//! Which addresses are nobody else's: those of this machine and of the networks around it.
//!
//! A link that somebody else wrote must not make this program ask a router or a printer anything. So such an address is asked
//! only where the user wrote it, and a public name that leads to one is not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::Host;

/// Whether a host is, by its name or number alone, this machine or one near it.
pub(super) fn is_private(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => is_private_v4(*address),
        Host::Ipv6(address) => is_private_v6(*address),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let near = ["localhost", "local", "internal", "lan", "home.arpa", "onion", "test", "invalid"];
            !name.contains('.') || near.iter().any(|end| name == *end || name.ends_with(&format!(".{end}")))
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || first == 0
        || first >= 240
        // Shared by a provider's customers (RFC 6598).
        || first == 100 && (64..128).contains(&second)
        // For measuring (RFC 2544).
        || first == 198 && (18..20).contains(&second)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    // A number of the old kind in the new form, also as a gateway translates it (RFC 6052), means the same machine.
    let old = address.to_ipv4_mapped().or_else(|| match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    });
    old.is_some_and(is_private_v4)
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

/// Finds the numbers of hosts.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Leaves out those that are not public.
    pub(super) public_only: bool,
    resolver: DefaultResolver,
}

impl Names {
    /// Finds public machines only.
    pub(super) fn public_only() -> Self {
        Self { public_only: true, ..Self::default() }
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.resolver.resolve(uri, config, timeout).map_err(why_not_found)?;
        let mut meant = self.empty();
        for address in &found {
            let is_private = match address.ip() {
                IpAddr::V4(address) => is_private_v4(address),
                IpAddr::V6(address) => is_private_v6(address),
            };
            if !(is_private && self.public_only) {
                meant.push(*address);
            }
        }
        if meant.is_empty() { Err(ureq::Error::Other(Box::new(NotPublic))) } else { Ok(meant) }
    }
}

/// The system has one kind of error for all that goes wrong with a name; only its words tell a name that nobody has from a
/// network that is away.
fn why_not_found(error: ureq::Error) -> ureq::Error {
    match error {
        ureq::Error::Io(error) if error.to_string().contains("Temporary failure") => {
            ureq::Error::Other(Box::new(NoNames))
        }
        ureq::Error::Io(_) => ureq::Error::HostNotFound,
        error => error,
    }
}

/// What asking says of a name that leads to a machine near by.
#[derive(Debug, thiserror::Error)]
#[error("it leads into a private network, where missive asks only about what you wrote")]
pub(super) struct NotPublic;

/// What asking says while names cannot be looked up.
#[derive(Debug, thiserror::Error)]
#[error("names of servers cannot be looked up now")]
pub(super) struct NoNames;

#[cfg(test)]
mod tests {
    use super::*;

    fn private(address: &str) -> bool {
        is_private(&url::Url::parse(address).unwrap().host().unwrap())
    }

    #[test]
    fn machines_near_by_are_known_in_every_spelling() {
        for address in [
            "http://localhost",
            "http://LOCALHOST.:80",
            "http://a.localhost",
            "http://router",
            "http://printer.local",
            "http://x.home.arpa",
            "http://127.1",
            "http://0x7f000001",
            "http://2130706433",
            "http://0",
            "http://10.1.2.3",
            "http://172.16.0.1",
            "http://192.168.1.1",
            "http://169.254.169.254",
            "http://100.64.0.1",
            "http://198.18.0.1",
            "http://224.0.0.1",
            "http://255.255.255.255",
            "http://[::1]",
            "http://[::]",
            "http://[::ffff:10.0.0.1]",
            "http://[64:ff9b::7f00:1]",
            "http://[fd00::1]",
            "http://[fe80::1]",
            "http://[ff02::1]",
        ] {
            assert!(private(address), "{address}");
        }
        for address in [
            "https://example.org",
            "http://local.example.org",
            "http://1.1.1.1",
            "http://172.32.0.1",
            "http://100.128.0.1",
            "http://[2001:4860:4860::8888]",
            "http://[64:ff9b::101:101]",
            "http://mylocal.net",
        ] {
            assert!(!private(address), "{address}");
        }
    }
}
