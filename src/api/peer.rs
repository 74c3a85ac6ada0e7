//! The client address of a request: its connection's, or the one that a trusted proxy reports.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap};

use crate::config::HttpConfig;
use crate::server::Peer;

/// The address of the client.
pub(super) fn address(
    config: &HttpConfig,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Option<IpAddr> {
    let Peer(connection) = extensions.get()?;
    let mut address = connection.peer();
    if connection.is_proxy() {
        // Each proxy appends the address that it sees. From the right, our own proxies are skipped; anything left of
        // the first other address may be made up by the client.
        for named in forwarded_for(headers).into_iter().rev() {
            let Some(named) = named else { break };
            address = named;
            if !config.trusts(named) {
                break;
            }
        }
    }
    Some(address.to_canonical())
}

/// The addresses in `X-Forwarded-For` or `Forwarded`; none for an invalid one.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let words = |name: &str| -> Vec<String> {
        let lines = headers.get_all(name).into_iter();
        let lines = lines.filter_map(|line| line.to_str().ok());
        let words = lines.flat_map(|line| line.split(','));
        words.map(|word| word.trim().to_owned()).collect()
    };
    let usual = words("x-forwarded-for");
    if !usual.is_empty() {
        return usual.iter().map(|word| read(word)).collect();
    }
    let standard = words("forwarded");
    standard
        .iter()
        .map(|word| {
            word.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let is_for = name.trim().eq_ignore_ascii_case("for");
                is_for.then(|| read(value.trim())).flatten()
            })
        })
        .collect()
}

/// Parses `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5`, quoted or not.
fn read(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches('"');
    let socket = || word.parse().map(|socket: SocketAddr| socket.ip()).ok();
    let bracketed = || word.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    word.parse().ok().or_else(socket).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_form() {
        for (word, address) in [
            ("1.2.3.4", "1.2.3.4"),
            ("1.2.3.4:80", "1.2.3.4"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ] {
            assert_eq!(read(word), address.parse().ok(), "{word}");
        }
        for word in ["", "unknown", "_hidden", "1.2.3", "[::1", "host"] {
            assert_eq!(read(word), None, "{word}");
        }
    }
}
