//! A collector's URL: checking it, and telling whether two are the same.

use anyhow::bail;
use ureq::http::Uri;

use crate::api::PREFIX;
use crate::config::DEFAULT_URL;

/// The URL without its trailing slash, if it is valid.
pub(in crate::cli) fn checked(url: &str) -> anyhow::Result<String> {
    let url = url.trim().trim_end_matches('/');
    // A password would end up in every message that names the URL, so this one does not.
    if url.contains('@') {
        bail!("the collector's URL must not hold a user name or a password: use a token");
    }
    if let Some(port) = bad_port(url) {
        bail!(
            "{url:?} is not a collector's URL: {port:?} is no port, which is a number from 1 to 65535"
        );
    }
    let usable = url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.query().is_none()
            && uri.host().is_some_and(|host| !host.is_empty())
    });
    if !usable || url.contains('#') {
        bail!("{url:?} is not a collector's URL: it looks like {DEFAULT_URL}");
    }
    Ok(url.to_owned())
}

/// The port's text, if it is not a port.
fn bad_port(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // The colons of an IPv6 address are inside brackets.
    let after = authority
        .rsplit_once(']')
        .map_or(authority, |(_, after)| after);
    let (_, port) = after.rsplit_once(':')?;
    let is_port = !port.starts_with('+') && port.parse::<u16>().is_ok_and(|port| port > 0);
    (!is_port).then_some(port)
}

/// The URL as people type it: without a scheme it is https, or http on this machine, and the API's own path may stand
/// behind it.
pub(in crate::cli) fn typed(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let url = if lower.contains("://") {
        text.to_owned()
    } else if is_loopback(&format!("http://{text}")) {
        format!("http://{text}")
    } else {
        format!("https://{text}")
    };
    let url = match url.split_once("://") {
        // Schemes are the same in any case.
        Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
        None => url,
    };
    let url = checked(&url)?;
    let url = url.strip_suffix(PREFIX).unwrap_or(&url);
    checked(url)
}

/// The host, with the port if there is one: the default name of a login.
pub(in crate::cli) fn host(url: &str) -> String {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or(authority);
    authority.trim_matches(['[', ']']).replace("]:", ":")
}

/// Whether both lead to the same collector.
pub(in crate::cli) fn are_same(one: &str, other: &str) -> bool {
    let parts = |url: &str| {
        let uri: Uri = url.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let port = uri
            .port_u16()
            .unwrap_or(if scheme == "https" { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        Some((scheme, uri.host()?.to_ascii_lowercase(), port, path))
    };
    matches!((parts(one), parts(other)), (Some(one), Some(other)) if one == other)
}

/// Whether the connection there is unencrypted.
pub(in crate::cli) fn is_in_the_clear(url: &str) -> bool {
    url.starts_with("http://") && !is_loopback(url)
}

fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    let named = host.eq_ignore_ascii_case("localhost") || host.ends_with(".localhost");
    named
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_as_people_type_it() {
        for (text, url) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://p.example.com/", "https://p.example.com"),
            (
                "HTTPS://p.example.com/history//",
                "https://p.example.com/history",
            ),
            ("p.example.com", "https://p.example.com"),
            ("localhost:8080", "http://localhost:8080"),
            ("127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("http://p:1/api/v1/ansible/", "http://p:1"),
        ] {
            assert_eq!(typed(text).unwrap(), url, "{text}");
        }
        for wrong in [
            "",
            "http://",
            "ftp://host",
            "http://a b",
            "http://host?x=1",
            "http://host#x",
        ] {
            assert!(typed(wrong).is_err(), "{wrong}");
        }
        for port in ["99999", "0", "-1", "+80", "x", ""] {
            let told = checked(&format!("http://host:{port}/x")).unwrap_err();
            assert!(told.to_string().contains("is no port"), "{port}: {told}");
        }
        assert!(
            !typed("http://ann:hunter2@host")
                .unwrap_err()
                .to_string()
                .contains("hunter2")
        );
    }

    #[test]
    fn a_collector_is_the_same_however_it_is_written() {
        assert!(are_same("http://Host", "http://host:80/"));
        assert!(are_same("https://host:443/p/", "https://host/p"));
        for other in [
            "https://host",
            "http://host:81",
            "http://host/p",
            "http://hos",
        ] {
            assert!(!are_same("http://host", other), "{other}");
        }
        assert_eq!(host("https://p.example.com:1/x"), "p.example.com:1");
        assert_eq!(host("http://[::1]:8080"), "::1:8080");
        assert!(is_in_the_clear("http://10.0.0.1") && !is_in_the_clear("http://127.0.0.2:1"));
        assert!(!is_in_the_clear("https://10.0.0.1"));
    }
}
