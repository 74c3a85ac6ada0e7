//! The entries of `no_proxy`: hosts that are reached directly.
//!
//! An entry is a host name (with everything below it, with or without a leading dot or `*.`), an address, a network
//! (`10.0.0.0/8`, `fd00::/8`), or `*` for everything; each may have a port. Entries are separated by commas or blanks.

use std::net::IpAddr;

/// The value of `no_proxy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bypass(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Any,
    Network(IpAddr, u32),
    /// In lower case, without leading or trailing dots.
    Name(String),
}

impl Bypass {
    /// Parses the variable. An invalid entry is ignored.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter_map(Entry::read).collect())
    }

    /// Whether `host` (a name, or an address without brackets) is reached directly at `port`.
    #[must_use]
    pub fn holds(&self, host: &str, port: u16) -> bool {
        let host = host.trim_matches('.').to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = host.parse().ok();
        let is_it = |entry: &Host| match (entry, address) {
            (Host::Any, _) => true,
            (Host::Network(network, bits), Some(address)) => is_within(address, *network, *bits),
            (Host::Name(name), None) => {
                host == name
                    || host
                        .strip_suffix(name.as_str())
                        .is_some_and(|above| above.ends_with('.'))
            }
            _ => false,
        };
        let mut entries = self.0.iter();
        entries.any(|entry| entry.port.is_none_or(|only| only == port) && is_it(&entry.host))
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self {
                host: Host::Any,
                port: None,
            });
        }
        if let Some(host) = Host::address(text) {
            return Some(Self { host, port: None });
        }
        // An IPv6 address has its port after a bracket.
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        if let Some(host) = Host::address(name) {
            return Some(Self { host, port });
        }
        let name = name.strip_prefix('*').unwrap_or(name);
        let name = name.trim_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self {
            host: Host::Name(name),
            port,
        })
    }
}

impl Host {
    fn address(text: &str) -> Option<Self> {
        let bare = |text: &str| {
            let text = text.strip_prefix('[').unwrap_or(text);
            text.strip_suffix(']')
                .unwrap_or(text)
                .parse::<IpAddr>()
                .ok()
        };
        if let Some((network, bits)) = text.split_once('/') {
            let network = bare(network)?;
            let bits = bits.parse().ok()?;
            return (bits <= width(network)).then_some(Self::Network(network, bits));
        }
        let address = bare(text)?;
        Some(Self::Network(address, width(address)))
    }
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    // An IPv4-mapped IPv6 address is the same host.
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        (_, IpAddr::V6(network)) => match address {
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                address.to_bits() & mask == network.to_bits() & mask
            }
            IpAddr::V4(_) => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_directly() {
        let cases = [
            // no_proxy, host, port, directly
            ("corp.local", "corp.local", 80, true),
            ("corp.local", "a.corp.local", 80, true),
            ("corp.local", "a.b.corp.local", 80, true),
            ("corp.local", "notcorp.local", 80, false),
            ("corp.local", "corp.local.evil", 80, false),
            (".corp.local", "corp.local", 80, true),
            (".corp.local", "a.corp.local", 80, true),
            ("*.corp.local", "a.corp.local", 80, true),
            ("corp.local.", "a.corp.local", 80, true),
            ("corp.local", "A.CORP.local.", 80, true),
            ("CORP.LOCAL", "a.corp.local", 80, true),
            ("a, corp.local ,b", "x.corp.local", 80, true),
            ("a corp.local\tb", "x.corp.local", 80, true),
            (",,", "x", 80, false),
            ("", "x", 80, false),
            ("*", "anything", 80, true),
            ("*", "::1", 80, true),
            ("a,*", "anything", 80, true),
            ("corp.local:8080", "corp.local", 8080, true),
            ("corp.local:8080", "a.corp.local", 8080, true),
            ("corp.local:8080", "corp.local", 80, false),
            ("corp.local:x", "corp.local", 80, false),
            ("10.1.2.3", "10.1.2.3", 80, true),
            ("10.1.2.3:80", "10.1.2.3", 80, true),
            ("10.1.2.3:81", "10.1.2.3", 80, false),
            ("2.3", "10.1.2.3", 80, false),
            ("10.0.0.0/8", "10.200.3.4", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("0.0.0.0/0", "11.0.0.1", 80, true),
            ("10.1.2.3/32", "10.1.2.3", 80, true),
            ("10.0.0.0/33", "10.0.0.0", 80, false),
            ("10.0.0.0/8", "host10", 80, false),
            ("127.0.0.1", "localhost", 80, false),
            ("localhost", "localhost", 80, true),
            ("::1", "::1", 80, true),
            ("[::1]", "::1", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::1]:81", "::1", 80, false),
            ("::1", "[::1]", 80, true),
            ("fd00::/8", "fd12::5", 80, true),
            ("fd00::/8", "fe80::5", 80, false),
            ("::/0", "fe80::5", 80, true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", 80, true),
        ];
        for (text, host, port, directly) in cases {
            assert_eq!(
                Bypass::read(text).holds(host, port),
                directly,
                "{text:?}: {host}:{port}"
            );
        }
    }
}
