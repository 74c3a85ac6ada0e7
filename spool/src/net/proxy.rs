//! Proxies, from the same variables as curl and Python.
//!
//! `http_proxy` is for collectors whose URL begins with http, `https_proxy` for the others, `all_proxy` for those
//! whose own variable has no value, and `no_proxy` lists the exceptions. Lower-case names win over upper-case ones,
//! even if they are empty, which names no proxy. `HTTP_PROXY` is not read where a web server may have set it from a
//! request header (CGI).

use std::ffi::OsString;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use ureq::http::Uri;

use super::bypass::Bypass;
use crate::config::ConfigError;

/// The proxies of an environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Named>,
    https: Option<Named>,
    all: Option<Named>,
    bypass: Bypass,
}

/// A variable and its value, which may hold a password.
#[derive(Debug, Clone)]
struct Named {
    variable: &'static str,
    text: SecretString,
}

/// A proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// The variable that names it.
    variable: &'static str,
    /// Without user and password.
    uri: Uri,
    port: u16,
    /// Value of the header `Proxy-Authorization`.
    authorization: Option<SecretString>,
}

impl Proxies {
    /// Reads an environment. `variable` must distinguish an empty variable from one that is not set.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| variable(name).map(|text| text.to_string_lossy().trim().to_owned());
        let named = |lower: &'static str, upper: Option<&'static str>| {
            let (variable, text) = text(lower)
                .map(|text| (lower, text))
                .or_else(|| upper.and_then(|upper| Some((upper, text(upper)?))))?;
            (!text.is_empty()).then(|| Named {
                variable,
                text: text.into(),
            })
        };
        let is_cgi = variable("REQUEST_METHOD").is_some();
        Self {
            http: named("http_proxy", Some("HTTP_PROXY").filter(|_| !is_cgi)),
            https: named("https_proxy", Some("HTTPS_PROXY")),
            all: named("all_proxy", Some("ALL_PROXY")),
            bypass: named("no_proxy", Some("NO_PROXY"))
                .map(|named| Bypass::read(named.text.expose_secret()))
                .unwrap_or_default(),
        }
    }

    /// The proxy for `url`. None: a direct connection.
    ///
    /// # Errors
    /// The variable does not name a usable proxy.
    pub fn way_to(&self, url: &Uri) -> Result<Option<Proxy>, ConfigError> {
        let is_https = matches!(url.scheme_str(), Some("https" | "wss"));
        let own = if is_https { &self.https } else { &self.http };
        let Some(named) = own.as_ref().or(self.all.as_ref()) else {
            return Ok(None);
        };
        let port = port_of(url).ok_or(NO_PORT)?;
        if self.bypass.holds(url.host().unwrap_or_default(), port) {
            return Ok(None);
        }
        Proxy::read(named).map(Some)
    }
}

impl Proxy {
    fn read(named: &Named) -> Result<Self, ConfigError> {
        let variable = named.variable;
        let unusable = |why: String| ConfigError::Proxy { variable, why };
        let text = named.text.expose_secret();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        if scheme.starts_with("socks") {
            return Err(unusable(format!(
                "names a SOCKS proxy ({scheme}), and Playback goes through HTTP proxies only: set {} to one, or name \
                 the collector's host in no_proxy",
                "http_proxy or https_proxy"
            )));
        }
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(unusable(
                "is no proxy's URL: it looks like http://host:3128".to_owned(),
            ));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let uri: Uri = format!("{scheme}://{host}/").parse().map_err(|_| {
            unusable("is no proxy's URL: it looks like http://host:3128".to_owned())
        })?;
        if uri.host().is_none_or(str::is_empty) {
            return Err(unusable("names no host".to_owned()));
        }
        let port = port_of(&uri)
            .ok_or_else(|| unusable("must have a port from 1 to 65535, or none".to_owned()))?;
        let authorization = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let mut plain = Zeroizing::new(decoded(name));
            plain.push(b':');
            plain.extend_from_slice(&Zeroizing::new(decoded(password)));
            format!("Basic {}", *Zeroizing::new(base64(&plain))).into()
        });
        Ok(Self {
            variable,
            uri,
            port,
            authorization,
        })
    }

    /// The proxy's own URL, without user and password.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Value of the header `Proxy-Authorization`.
    #[must_use]
    pub fn authorization(&self) -> Option<&SecretString> {
        self.authorization.as_ref()
    }

    /// Whether the connection to the proxy itself uses TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Host name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        bare_host(&self.uri)
    }

    /// Port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The variable and the address, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("the proxy {authority} ({})", self.variable)
    }

    /// The head of a request for a tunnel to `target` (`host:port`).
    pub(crate) fn connect_request(&self, target: &str) -> Zeroizing<String> {
        let line = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        let authorization = self
            .authorization
            .as_ref()
            .map_or("", |value| value.expose_secret());
        let mut head = Zeroizing::new(String::with_capacity(line.len() + authorization.len() + 32));
        head.push_str(&line);
        if !authorization.is_empty() {
            head.push_str("Proxy-Authorization: ");
            head.push_str(authorization);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head
    }

    /// Why the proxy refused, from the head of its response. None: there is a tunnel.
    pub(crate) fn connect_refusal(&self, head: &[u8]) -> Option<String> {
        let head = String::from_utf8_lossy(head);
        let mut words = head.lines().next().unwrap_or_default().split_whitespace();
        let version = words.next().unwrap_or_default();
        let status = words.next().unwrap_or_default();
        if version.starts_with("HTTP/1.") && status.len() == 3 && status.starts_with('2') {
            return None;
        }
        let proxy = self.shown();
        Some(match status {
            "407" => format!("{proxy} asks for another user and password than it was given"),
            _ if !version.starts_with("HTTP/") => format!("{proxy} does not answer as one"),
            _ => format!("{proxy} does not connect to the collector (it answers {status})"),
        })
    }
}

/// A collector's URL names a port that cannot be.
pub(crate) const NO_PORT: ConfigError =
    ConfigError::Url("must have a port from 1 to 65535, or none");

/// The port of a URL: that of its scheme if it names none. None: what it names is no port, for which the parser of URLs
/// has no error.
pub(crate) fn port_of(uri: &Uri) -> Option<u16> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    // The colons of an IPv6 address stand in brackets.
    let after = host.rfind(']').map_or(host, |end| &host[end..]);
    match after.split_once(':') {
        Some((_, port)) if !port.is_empty() => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            port.parse().ok().filter(|port| is_number && *port > 0)
        }
        _ => match uri.scheme_str() {
            Some("https" | "wss") => Some(443),
            _ => Some(80),
        },
    }
}

/// A URL's host without the brackets of an IPv6 address.
pub(crate) fn bare_host(uri: &Uri) -> &str {
    let host = uri.host().unwrap_or_default();
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Percent-decodes; an invalid escape is left unchanged.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// Base64 with padding: one header needs it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for piece in bytes.chunks(3) {
        let at = |index: usize| u32::from(piece.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            if digit <= piece.len() {
                let value = bits >> (18 - 6 * digit) & 63;
                text.push(char::from(DIGITS[value as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, text)| (*text).into())
        })
    }

    #[test]
    fn which_proxy_is_asked_for_which_collector() {
        const HTTP: &str = "http://c.corp.local:8080";
        const HTTPS: &str = "https://c.corp.local";
        type Variables = &'static [(&'static str, &'static str)];
        let cases: &[(Variables, &str, Option<&str>)] = &[
            (&[], HTTP, None),
            (&[("https_proxy", "http://p:1")], HTTP, None),
            (&[("https_proxy", "http://p:1")], HTTPS, Some("http://p:1/")),
            (&[("http_proxy", "http://p:1")], HTTP, Some("http://p:1/")),
            (&[("http_proxy", "http://p:1")], HTTPS, None),
            (
                &[("http_proxy", "http://p:1")],
                "ws://c",
                Some("http://p:1/"),
            ),
            (
                &[("https_proxy", "http://p:1")],
                "wss://c",
                Some("http://p:1/"),
            ),
            (&[("all_proxy", "http://p:1")], HTTP, Some("http://p:1/")),
            (&[("ALL_PROXY", "http://p:1")], HTTPS, Some("http://p:1/")),
            (
                &[("all_proxy", "http://a"), ("http_proxy", "http://h")],
                HTTP,
                Some("http://h/"),
            ),
            (
                &[("all_proxy", "http://a"), ("http_proxy", "http://h")],
                HTTPS,
                Some("http://a/"),
            ),
            (&[("HTTP_PROXY", "http://p:1")], HTTP, Some("http://p:1/")),
            (
                &[("HTTP_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")],
                HTTP,
                None,
            ),
            (
                &[("HTTPS_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")],
                HTTPS,
                Some("http://p:1/"),
            ),
            (
                &[("http_proxy", "http://p:1"), ("REQUEST_METHOD", "GET")],
                HTTP,
                Some("http://p:1/"),
            ),
            (
                &[("http_proxy", "http://low"), ("HTTP_PROXY", "http://up")],
                HTTP,
                Some("http://low/"),
            ),
            (
                &[("http_proxy", ""), ("HTTP_PROXY", "http://up")],
                HTTP,
                None,
            ),
            (&[("http_proxy", " ")], HTTP, None),
            (&[("http_proxy", "p:3128")], HTTP, Some("http://p:3128/")),
            (&[("http_proxy", "p")], HTTP, Some("http://p/")),
            (&[("http_proxy", " http://p:1 ")], HTTP, Some("http://p:1/")),
            (&[("http_proxy", "HTTP://p:1/")], HTTP, Some("http://p:1/")),
            (&[("http_proxy", "https://p")], HTTP, Some("https://p/")),
            (
                &[("http_proxy", "http://[::1]:3128")],
                HTTP,
                Some("http://[::1]:3128/"),
            ),
            (
                &[("http_proxy", "http://u:s@p:1")],
                HTTP,
                Some("http://p:1/"),
            ),
            (
                &[("http_proxy", "p"), ("no_proxy", "corp.local")],
                HTTP,
                None,
            ),
            (
                &[("http_proxy", "p"), ("NO_PROXY", "corp.local")],
                HTTP,
                None,
            ),
            (
                &[
                    ("http_proxy", "p"),
                    ("no_proxy", ""),
                    ("NO_PROXY", "corp.local"),
                ],
                HTTP,
                Some("http://p/"),
            ),
            (
                &[("http_proxy", "p"), ("no_proxy", "c.corp.local:8080")],
                HTTP,
                None,
            ),
            (
                &[("https_proxy", "p"), ("no_proxy", "c.corp.local:443")],
                HTTPS,
                None,
            ),
            (
                &[("https_proxy", "p"), ("no_proxy", "c.corp.local:80")],
                HTTPS,
                Some("http://p/"),
            ),
            (&[("http_proxy", "p"), ("no_proxy", "*")], HTTP, None),
            (
                &[("http_proxy", "p"), ("no_proxy", "10.0.0.0/8")],
                "http://10.2.3.4:8080",
                None,
            ),
            (
                &[("http_proxy", "p"), ("no_proxy", "::1")],
                "http://[::1]:8080",
                None,
            ),
            (
                &[("http_proxy", "socks5://p"), ("no_proxy", "corp.local")],
                HTTP,
                None,
            ),
        ];
        for (variables, url, expected) in cases {
            let way = proxies(variables).way_to(&url.parse().unwrap()).unwrap();
            let uri = way.map(|proxy| proxy.uri().to_string());
            assert_eq!(uri.as_deref(), *expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_without_its_password() {
        for (text, word) in [
            ("socks5://u:secret@p:1", "SOCKS"),
            ("socks5h://p", "SOCKS"),
            ("ftp://u:secret@p", "no proxy's URL"),
            ("http://", "no proxy's URL"),
            ("http://u:secret@:80", "host"),
            ("http://a b", "no proxy's URL"),
            ("http://u:secret@p:99999", "port from 1 to 65535"),
            ("http://u:secret@p:0", "port from 1 to 65535"),
            ("p:x", "port from 1 to 65535"),
            ("http://[::1]:65536", "port from 1 to 65535"),
        ] {
            let error = proxies(&[("all_proxy", text)])
                .way_to(&"http://c".parse().unwrap())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains(word) && error.contains("all_proxy"),
                "{text}: {error}"
            );
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_port_is_the_one_that_is_named_or_that_of_the_scheme() {
        for (url, port) in [
            ("http://c", Some(80)),
            ("https://c/x", Some(443)),
            ("wss://c", Some(443)),
            ("http://c:/", Some(80)),
            ("http://c:8080/a:1", Some(8080)),
            ("http://[::1]", Some(80)),
            ("http://[::1]:65535", Some(65535)),
            ("http://c:0", None),
            ("http://c:65536", None),
            ("http://c:99999", None),
            ("http://[::1]:99999", None),
        ] {
            assert_eq!(port_of(&url.parse().unwrap()), port, "{url}");
        }
    }

    #[test]
    fn user_and_password_are_sent_as_they_are_meant() {
        for (text, expected) in [
            ("http://user:password@p", Some("Basic dXNlcjpwYXNzd29yZA==")),
            ("http://us%65r:p%40ss@p", Some("Basic dXNlcjpwQHNz")),
            ("http://user@p", Some("Basic dXNlcjo=")),
            ("u:a:b@p:1", Some("Basic dTphOmI=")),
            ("http://p", None),
        ] {
            let proxies = proxies(&[("http_proxy", text)]);
            let proxy = proxies
                .way_to(&"http://c".parse().unwrap())
                .unwrap()
                .unwrap();
            let authorization = proxy.authorization().map(|value| value.expose_secret());
            assert_eq!(authorization, expected, "{text}");
            let shown = format!("{proxies:?} {proxy:?} {}", proxy.shown());
            for secret in ["word", "%40", "a:b", "dX"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}
