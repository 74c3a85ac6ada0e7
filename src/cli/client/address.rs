//! A collector's URL: validates it, and compares two URLs.

use anyhow::bail;
use url::{Host, ParseError, Url};

use crate::api::PREFIX;
use crate::config::DEFAULT_URL;

/// The URL without its trailing slash, if it is valid.
pub(in crate::cli) fn checked(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    // A password would end up in every message that names the URL, so this one does not.
    if text.contains('@') {
        bail!("the collector's URL must not hold a user name or a password: use a token");
    }
    let url = match Url::parse(text) {
        Err(ParseError::InvalidPort) => bail!(no_port(text)),
        Err(error) => bail!(
            "{text:?} is not a collector's URL ({error}): {}",
            looks_like()
        ),
        Ok(url) if url.port() == Some(0) => bail!(no_port(text)),
        Ok(url) => url,
    };
    let is_http = matches!(url.scheme(), "http" | "https");
    if !is_http || url.query().is_some() || url.fragment().is_some() {
        bail!("{text:?} is not a collector's URL: {}", looks_like());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn looks_like() -> String {
    format!("it looks like {DEFAULT_URL}")
}

fn no_port(text: &str) -> String {
    format!(
        "{text:?} is not a collector's URL: what follows the host is no port, which is a number from 1 to 65535"
    )
}

/// The URL as people type it: the default scheme is https, or http for this machine, and the path may contain that of
/// the API.
pub(in crate::cli) fn typed(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    let here = format!("http://{text}");
    let url = if text.contains("://") {
        checked(text)?
    } else if is_loopback(&here) {
        checked(&here)?
    } else {
        checked(&format!("https://{text}"))?
    };
    Ok(url.strip_suffix(PREFIX).unwrap_or(&url).to_owned())
}

/// The host, with the port if there is one: the default name of a login.
pub(in crate::cli) fn host(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return url.to_owned();
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Whether both lead to the same collector.
pub(in crate::cli) fn are_same(one: &str, other: &str) -> bool {
    let parts = |url: &str| {
        let url = Url::parse(url).ok()?;
        let path = url.path().trim_end_matches('/').to_owned();
        Some((url.origin(), path))
    };
    matches!((parts(one), parts(other)), (Some(one), Some(other)) if one == other)
}

/// Whether the connection there is unencrypted.
pub(in crate::cli) fn is_in_the_clear(url: &str) -> bool {
    url.starts_with("http://") && !is_loopback(url)
}

fn is_loopback(url: &str) -> bool {
    match Url::parse(url).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Some(Host::Ipv4(ip))) => ip.is_loopback(),
        Ok(Some(Host::Ipv6(ip))) => ip.to_canonical().is_loopback(),
        Ok(None) | Err(_) => false,
    }
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
            ("P.example.com:443", "https://p.example.com"),
            ("bücher.example", "https://xn--bcher-kva.example"),
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
        for port in ["99999", "0", "-1", "+80", "x"] {
            let told = checked(&format!("http://host:{port}/x")).unwrap_err();
            assert!(told.to_string().contains("is no port"), "{port}: {told}");
        }
        for login in [
            "http://ann:hunter2@host",
            "http://ann:hunter2@host:99999",
            "ann:hunter2@host",
            "http://ann:12hunter2/x@host",
        ] {
            let told = typed(login).unwrap_err().to_string();
            assert!(!told.contains("hunter2"), "{told}");
        }
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
