//! Limits on what clients may use of the collector: connections, time and memory.

use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use url::{Origin, Url};

use super::{BasePath, ConfigError};
use crate::store::address::without_password;

/// Section `[http]`: see `examples/collector.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// Maximum number of open connections from one address; for IPv6, from one /64 network. This limit does not apply
    /// to trusted proxies.
    pub max_connections_per_address: usize,
    /// Seconds in which the head of a request must arrive.
    pub head_seconds: u64,
    /// Seconds that a connection stays open between two requests.
    pub idle_seconds: u64,
    /// Seconds without a byte of a request's body before the request is dropped.
    pub body_seconds: u64,
    /// Seconds in which a client must read some part of an answer or a stream.
    pub write_seconds: u64,
    /// Maximum number of open streams (WebSockets).
    pub max_viewers: usize,
    /// Maximum number of open streams for one token.
    pub max_viewers_per_token: usize,
    /// Lifetime of a login session, in seconds.
    pub session_seconds: u64,
    /// The collector's address for browsers, as `https://host[:port][/path]`, if it is not the listen address.
    pub public_url: Option<String>,
    /// Addresses of reverse proxies whose headers about the client's scheme, host and path are trusted: `10.0.0.7` or
    /// `10.0.0.0/24`.
    pub trusted_proxies: Vec<Network>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_connections_per_address: 2048,
            head_seconds: 15,
            idle_seconds: 90,
            body_seconds: 30,
            write_seconds: 60,
            max_viewers: 2000,
            max_viewers_per_token: 1000,
            session_seconds: 12 * 60 * 60,
            public_url: None,
            trusted_proxies: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// Checks the values.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let numbers = [
            ("http.max_connections", self.max_connections as u64),
            (
                "http.max_connections_per_address",
                self.max_connections_per_address as u64,
            ),
            ("http.head_seconds", self.head_seconds),
            ("http.idle_seconds", self.idle_seconds),
            ("http.body_seconds", self.body_seconds),
            ("http.write_seconds", self.write_seconds),
            ("http.max_viewers", self.max_viewers as u64),
            (
                "http.max_viewers_per_token",
                self.max_viewers_per_token as u64,
            ),
            ("http.session_seconds", self.session_seconds),
        ];
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            return Err(ConfigError::Zero(name));
        }
        match &self.public_url {
            Some(url) if public(url).is_none() => {
                Err(ConfigError::PublicUrl(without_password(url)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a peer's headers about the client are trusted.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies
            .iter()
            .any(|network| network.holds(address))
    }

    /// Origin and path of the collector's address for browsers, if it is configured.
    #[must_use]
    pub fn public(&self) -> Option<(Origin, BasePath)> {
        self.public_url.as_deref().and_then(public)
    }

    /// The collector's address for browsers without a slash at its end, if it is configured.
    #[must_use]
    pub fn public_address(&self) -> Option<String> {
        let (origin, base) = self.public()?;
        let address = format!("{}{base}", origin.ascii_serialization());
        Some(address.trim_end_matches('/').to_owned())
    }

    /// Lifetime of a login session.
    #[must_use]
    pub fn session(&self) -> Duration {
        Duration::from_secs(self.session_seconds)
    }
}

/// Reads `https://host[:port]`, as browsers do; none for anything else, such as an address with a path.
#[must_use]
pub fn origin(text: &str) -> Option<Origin> {
    let (origin, base) = public(text)?;
    base.is_root().then_some(origin)
}

/// Reads `https://host[:port][/path]`; none for anything else.
fn public(text: &str) -> Option<(Origin, BasePath)> {
    let url = Url::parse(text).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https");
    let has_login = !url.username().is_empty() || url.password().is_some();
    let is_place_alone = url.query().is_none() && url.fragment().is_none();
    let base = BasePath::parse(url.path())?;
    (is_http && !has_login && is_place_alone).then(|| (url.origin(), base))
}

/// An address, or a network of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is in it.
    #[must_use]
    pub fn holds(self, address: IpAddr) -> bool {
        let kept =
            |bits: u8, width: u8| u128::MAX.checked_shl(u32::from(width - bits)).unwrap_or(0);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = u128::from(own.to_bits() ^ other.to_bits());
                differ & kept(self.bits, 32) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()) & kept(self.bits, 128) == 0
            }
            _ => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an address nor a network such as 10.0.0.0/24");
        let (address, bits) = match text.split_once('/') {
            None => (text.as_str(), None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| wrong())?;
        if bits > width {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses() {
        let holds = |network: &str, address: &str| {
            let network = Network::try_from(network.to_owned()).unwrap();
            network.holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.7", "10.0.0.7") && !holds("10.0.0.7", "10.0.0.8"));
        assert!(holds("10.0.0.0/24", "10.0.0.255") && !holds("10.0.0.0/24", "10.0.1.0"));
        assert!(holds("0.0.0.0/0", "192.0.2.1") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1"));
        assert!(holds("::/0", "::1"));
        for wrong in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0/8",
            "::1/129",
        ] {
            assert!(Network::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for right in ["https://a.example", "http://a:8080", "https://[::1]:8443/"] {
            assert!(origin(right).is_some(), "{right}");
        }
        for wrong in [
            "a.example",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a:99999",
            "https://a b",
        ] {
            assert!(origin(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_may_have_a_path() {
        for (text, address) in [
            ("https://a.example", Some("https://a.example")),
            ("https://a.example:443/", Some("https://a.example")),
            (
                "http://A.example:8080/playback/",
                Some("http://a.example:8080/playback"),
            ),
            ("https://a/b c", None),
            ("https://a/b?c", None),
            ("https://u@a/b", None),
            ("a.example/b", None),
        ] {
            let config = HttpConfig {
                public_url: Some(text.to_owned()),
                ..HttpConfig::default()
            };
            assert_eq!(config.public_address().as_deref(), address, "{text}");
            assert_eq!(config.check().is_ok(), address.is_some(), "{text}");
        }
    }
}
