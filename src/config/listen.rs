//! The address to listen on, as people write it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};

use serde::{Deserialize as _, Deserializer};

/// The default port.
const PORT: u16 = 8080;

/// Reads `127.0.0.1:8080`, `localhost:8080`, `[::]:8080`, `:8080` (every address of this machine), `8080` (this machine
/// alone) or a host without a port. A name is resolved, with IPv4 preferred.
///
/// # Errors
/// A text that says what is wrong.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port_of(port)?),
        None if is_number => return Ok((Ipv4Addr::LOCALHOST, port_of(text)?).into()),
        None => (text, PORT),
    };
    let host = host.trim_matches(['[', ']']);
    if matches!(host, "" | "*") && text.contains(':') {
        return Ok((Ipv4Addr::UNSPECIFIED, port).into());
    }
    let shape = "it looks like 127.0.0.1:8080, localhost:8080, [::]:8080 or :8080";
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
    if host.is_empty() || !host.chars().all(is_name) {
        return Err(format!("{text:?} is no address: {shape}"));
    }
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|error| format!("{host:?} is no address of this machine: {error}"))?;
    let found: Vec<SocketAddr> = found.collect();
    let preferred = found.iter().find(|address| address.is_ipv4());
    preferred
        .or(found.first())
        .copied()
        .ok_or_else(|| format!("{host:?} is no address of this machine"))
}

fn port_of(text: &str) -> Result<u16, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number => Ok(port),
        _ => Err(format!(
            "the port {text:?} is none: it is a number from 1 to 65535, or 0 for a free one"
        )),
    }
}

/// Reads the same from a configuration file.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    listen_address(&text).map_err(|error| serde::de::Error::custom(format!("listen: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, address) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("0.0.0.0:1", "0.0.0.0:1"),
            ("localhost:8081", "127.0.0.1:8081"),
            ("localhost", "127.0.0.1:8080"),
            ("[::]:8080", "[::]:8080"),
            ("[::1]:0", "[::1]:0"),
            ("::1", "[::1]:8080"),
            (":9000", "0.0.0.0:9000"),
            ("*:9000", "0.0.0.0:9000"),
            ("9000", "127.0.0.1:9000"),
        ] {
            let read = listen_address(text).map(|read| read.to_string());
            assert_eq!(read.as_deref(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_port_is_said() {
        for text in [
            "127.0.0.1:99999",
            "localhost:65536",
            "99999",
            ":-1",
            "[::]:+80",
            "localhost:http",
            "host:",
        ] {
            let told = listen_address(text).unwrap_err();
            assert!(told.contains("from 1 to 65535"), "{text}: {told}");
        }
        for text in ["", "http://localhost", "a b:80", "no-such-host.invalid:80"] {
            assert!(listen_address(text).is_err(), "{text}");
        }
    }
}
