//! Addresses that messages may be sent to: none inside the collector's own machine and networks, unless they are allowed.
//!
//! Names are looked up here, and a connection goes to the very address that was checked: a name that means another address
//! a moment later (DNS rebinding) makes no difference.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::config::Network;

/// How long looking up a host may take if nothing else limits it.
const LOOK_UP: Duration = Duration::from_secs(10);

/// Looks up a host's addresses; blocks.
type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Checks addresses.
#[derive(Clone)]
pub struct Guard {
    allowed: Arc<[Network]>,
    look_up: Arc<LookUp>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Guard")
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is {what}, and nothing is sent there: if it is meant, add it to notifications.allow_networks in the \
     collector's configuration"
)]
pub struct Refused {
    address: IpAddr,
    what: &'static str,
}

impl Guard {
    /// A guard that lets these networks pass.
    #[must_use]
    pub fn new(allowed: &[Network]) -> Self {
        Self::with(allowed, |host, port| {
            (host, port).to_socket_addrs().map(Iterator::collect)
        })
    }

    /// The same, with another way to look up hosts.
    fn with(
        allowed: &[Network],
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            allowed: allowed.into(),
            look_up: Arc::new(look_up),
        }
    }

    /// Checks an address.
    ///
    /// # Errors
    /// It is inside, and not allowed.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        if self.allowed.iter().any(|network| network.holds(address)) {
            return Ok(());
        }
        match inside(address) {
            None => Ok(()),
            Some(what) => Err(Refused { address, what }),
        }
    }

    /// The same as [`Guard::addresses`], with a time limit: a name server that does not answer does not block other messages.
    ///
    /// # Errors
    /// As there, or no answer arrived in time.
    pub fn addresses_within(
        &self,
        host: &str,
        port: u16,
        most: Duration,
    ) -> io::Result<Vec<SocketAddr>> {
        let (answer, answered) = mpsc::sync_channel(1);
        let (guard, host_name) = (self.clone(), host.to_owned());
        std::thread::spawn(move || {
            // The caller may no longer wait.
            let _ = answer.send(guard.addresses(&host_name, port));
        });
        answered.recv_timeout(most).unwrap_or_else(|_| {
            let text = format!("the address of {host} was not found in time");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        })
    }

    /// Looks up a host and checks its addresses; blocks. One refused address makes the whole host refused: an attacker
    /// may have added it to get in.
    ///
    /// # Errors
    /// The host is not known, or one of its addresses is refused.
    pub fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let found = (self.look_up)(host, port).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("the host {host} is not known: {error}"),
            )
        })?;
        for address in &found {
            self.check(address.ip()).map_err(io::Error::other)?;
        }
        match found.is_empty() {
            true => Err(io::Error::other(format!("the host {host} has no address"))),
            false => Ok(found),
        }
    }
}

/// What kind of internal address it is; none for a public one.
fn inside(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => inside_v4(address),
        IpAddr::V6(address) => inside_v6(address),
    }
}

fn inside_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (127, ..) => "an address of the collector's own machine",
        (0, ..) => "no address of a host",
        (169, 254, _) => "a link-local address, where clouds keep metadata",
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => "an address of a private network",
        (100, 64..=127, _) => "an address of a provider's inner network",
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => {
            "an address for special use"
        }
        (224..=255, ..) => "no address of a host",
        _ => return None,
    })
}

fn inside_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        inside_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("no address of a host"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("an address of the collector's own machine"),
        // IPv4 in IPv6: by compatible and translated (SIIT) addresses, NAT64 and 6to4.
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x64, 0xff9b, 1, ..] => Some("an address of a provider's inner network"),
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x5f00, ..] => {
            Some("an address for special use")
        }
        [0xfc00..=0xfdff, ..] => Some("an address of a private network"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("an address of a private network"),
        [0xff00..=0xffff, ..] => Some("no address of a host"),
        [0x100, 0, 0, 0, ..] => Some("no address of a host"),
        // The same by ISATAP, in any network.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => embedded(high, low),
        _ => None,
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("http") => 80,
            _ => 443,
        });
        let most = match timeout.after.is_not_happening() {
            true => LOOK_UP,
            false => *timeout.after,
        };
        let found = self.addresses_within(host, port, most)?;
        let mut addresses = self.empty();
        // As many as fit.
        for address in found.into_iter().take(16) {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn refused(address: &str) -> Option<&'static str> {
        let guard = Guard::new(&[]);
        let address = address.parse().unwrap();
        guard.check(address).err().map(|refused| refused.what)
    }

    #[test]
    fn addresses_inside_are_refused_in_every_notation() {
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "::ffff:0:10.0.0.1",
            "2606:4700::5efe:169.254.169.254",
            "2606:4700::200:5efe:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(refused(address).is_some(), "{address}");
        }
        for address in [
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1",
            "64:ff9b::101:101",
            "2002:101:101::",
            "::ffff:0:1.1.1.1",
            "2606:4700::5efe:1.1.1.1",
        ] {
            assert_eq!(refused(address), None, "{address}");
        }
    }

    fn network(text: &str) -> Network {
        Network::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn what_is_allowed_passes_and_nothing_beside_it() {
        let guard = Guard::new(&[network("10.1.0.0/16"), network("fd00::/64")]);
        assert!(guard.check("10.1.2.3".parse().unwrap()).is_ok());
        assert!(guard.check("::ffff:10.1.2.3".parse().unwrap()).is_ok());
        assert!(guard.check("fd00::1".parse().unwrap()).is_ok());
        let error = guard.check("10.2.0.1".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("allow_networks"), "{error}");
    }

    /// A name that means an address outside when it is checked, and one inside afterwards.
    #[test]
    fn a_name_is_looked_up_once_and_checked_each_time() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let guard = Guard::with(&[], move |_, port| {
            let address = match count.fetch_add(1, Ordering::SeqCst) {
                0 => [1, 1, 1, 1],
                _ => [127, 0, 0, 1],
            };
            Ok(vec![SocketAddr::from((address, port))])
        });
        let first = guard.addresses("rebinding.example", 443).unwrap();
        assert_eq!(first, [SocketAddr::from(([1, 1, 1, 1], 443))]);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let error = guard.addresses("rebinding.example", 443).unwrap_err();
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }

    #[test]
    fn one_address_inside_is_enough_to_refuse_a_host() {
        let guard = Guard::with(&[], |_, port| {
            Ok(vec![
                SocketAddr::from(([1, 1, 1, 1], port)),
                SocketAddr::from(([192, 168, 0, 1], port)),
            ])
        });
        assert!(guard.addresses("both.example", 80).is_err());
        let none = Guard::with(&[], |_, _| Ok(Vec::new()));
        assert!(none.addresses("none.example", 80).is_err());
    }
}
