//! Decides which browser pages are our own: same scheme, same host, same port.
//!
//! A reverse proxy knows the scheme and the host that the browser used, and the path below which it serves the
//! collector, and passes them on; only a configured proxy is trusted.

use axum::http::{HeaderMap, Method, Uri, header};
use url::{Host, Origin};

use super::ApiError;
use crate::config::{BasePath, HttpConfig, origin};

/// The address that a request was sent to, as its client sees it.
#[derive(Debug)]
pub(super) struct Place {
    /// According to the request itself, or to a trusted proxy.
    asked: Option<Origin>,
    public: Option<Origin>,
    /// The path below which the client finds the collector.
    base: BasePath,
}

impl Place {
    pub(super) fn of(config: &HttpConfig, headers: &HeaderMap, uri: &Uri, is_proxy: bool) -> Self {
        let forwarded = if is_proxy {
            Forwarded::read(headers)
        } else {
            Forwarded::default()
        };
        let own = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or(uri.authority().map(|authority| authority.as_str()));
        let host = forwarded.host.or(own);
        let scheme = match forwarded.scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
            _ => "http",
        };
        let asked = host.and_then(|host| origin(&format!("{scheme}://{host}")));
        let (public, public_base) = config.public().unzip();
        let is_public = asked
            .as_ref()
            .zip(public.as_ref())
            .is_some_and(|(asked, public)| is_same_host(asked, public));
        let base = match forwarded.prefix {
            Some(prefix) => BasePath::parse(prefix),
            None => public_base.filter(|_| is_public),
        };
        Self {
            asked,
            public,
            base: base.unwrap_or_default(),
        }
    }

    /// The path below which the client finds the collector.
    pub(super) fn base(&self) -> &BasePath {
        &self.base
    }

    /// The address of pages, as the client sees it, without a slash at its end.
    pub(super) fn address(&self) -> String {
        let origin = self.asked.as_ref().or(self.public.as_ref());
        let origin = origin.map(Origin::ascii_serialization).unwrap_or_default();
        let address = format!("{origin}{}", self.base);
        address.trim_end_matches('/').to_owned()
    }

    /// Whether it was sent to this machine by a name that can only mean this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.asked.as_ref().is_some_and(is_loopback)
    }

    /// Whether the browser uses HTTPS, to us or to a proxy in front.
    pub(super) fn is_https(&self) -> bool {
        self.own()
            .any(|own| matches!(own, Origin::Tuple(scheme, ..) if scheme == "https"))
    }

    /// Our own origins: with a public address only that one, and those of this machine.
    fn own(&self) -> impl Iterator<Item = &Origin> {
        let asked = self.asked.as_ref();
        let asked = asked.filter(|asked| self.public.is_none() || is_loopback(asked));
        asked.into_iter().chain(&self.public)
    }

    /// Refuses requests from pages of other origins.
    pub(super) fn check(&self, headers: &HeaderMap, allowed: &[String]) -> Result<(), ApiError> {
        for page in headers.get_all(header::ORIGIN) {
            let text = page.to_str().unwrap_or("");
            let is_own = origin(text).is_some_and(|page| {
                let mut allowed = allowed.iter().filter_map(|allowed| origin(allowed));
                self.own().any(|own| *own == page) || allowed.any(|allowed| allowed == page)
            });
            if !is_own {
                return Err(ApiError::forbidden(format!(
                    "pages from {text:?} may not ask here: add it to allowed_origins if they should; where \
                     it is this collector, behind a proxy, set http.public_url to it"
                )));
            }
        }
        Ok(())
    }

    /// Refuses requests that the browser marks as cross-site. `Origin` has been checked.
    pub(super) fn check_site(headers: &HeaderMap, method: &Method) -> Result<(), ApiError> {
        if headers.contains_key(header::ORIGIN) {
            return Ok(());
        }
        let site = headers
            .get("sec-fetch-site")
            .and_then(|site| site.to_str().ok());
        match site {
            None | Some("same-origin" | "none") => Ok(()),
            Some("same-site") if method.is_safe() => Ok(()),
            Some(_) => Err(ApiError::forbidden(
                "a page from elsewhere made the browser ask this: only our own pages may",
            )),
        }
    }
}

/// Whether a request was sent to the host of the public address. A proxy that is not configured does not report the
/// scheme, and may leave out the port.
fn is_same_host(asked: &Origin, public: &Origin) -> bool {
    match (asked, public) {
        (Origin::Tuple(_, asked, port), Origin::Tuple(_, public, public_port)) => {
            asked == public && (port == public_port || matches!(port, 80 | 443))
        }
        _ => false,
    }
}

/// Whether a name can only mean this machine.
fn is_loopback(origin: &Origin) -> bool {
    match origin {
        Origin::Tuple(_, Host::Domain(name), _) => name == "localhost",
        Origin::Tuple(_, Host::Ipv4(ip), _) => ip.is_loopback(),
        Origin::Tuple(_, Host::Ipv6(ip), _) => ip.to_canonical().is_loopback(),
        Origin::Opaque(_) => false,
    }
}

/// A proxy's headers about its client.
#[derive(Debug, Default)]
struct Forwarded<'h> {
    scheme: Option<&'h str>,
    host: Option<&'h str>,
    prefix: Option<&'h str>,
}

impl<'h> Forwarded<'h> {
    /// The last value of each header, which the nearest proxy added.
    fn read(headers: &'h HeaderMap) -> Self {
        let last = |name: &str| {
            let text = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            let last = text.rsplit(',').next()?.trim();
            (!last.is_empty()).then_some(last)
        };
        let mut found = Self {
            scheme: last("x-forwarded-proto"),
            host: last("x-forwarded-host"),
            prefix: last("x-forwarded-prefix"),
        };
        for pair in last("forwarded").unwrap_or("").split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "proto" => found.scheme = Some(value),
                "host" => found.host = Some(value),
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(config: &HttpConfig, fields: &[(&'static str, &str)], is_proxy: bool) -> Place {
        Place::of(config, &headers(fields), &Uri::from_static("/"), is_proxy)
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &str)| {
            (
                header::HeaderName::from_static(name),
                value.parse().unwrap(),
            )
        };
        fields.iter().map(field).collect()
    }

    fn allows(place: &Place, origin: &str) -> bool {
        place.check(&headers(&[("origin", origin)]), &[]).is_ok()
    }

    #[test]
    fn scheme_host_and_port_must_be_the_same() {
        let config = HttpConfig::default();
        let here = place(&config, &[("host", "Play.example")], false);
        assert!(allows(&here, "http://play.example") && allows(&here, "http://PLAY.example:80"));
        for other in [
            "https://play.example",
            "http://play.example:8080",
            "http://play.example.evil",
            "http://x.play.example",
            "null",
            "",
            "play.example",
            "ftp://play.example",
            "http://play.example@evil",
        ] {
            assert!(!allows(&here, other), "{other}");
        }
        let six = place(&config, &[("host", "[0:0::1]:8080")], false);
        assert!(allows(&six, "http://[::1]:8080") && !allows(&six, "http://[::1]"));
    }

    #[test]
    fn a_proxy_is_believed_only_where_it_is_trusted() {
        let config = HttpConfig::default();
        for fields in [
            &[
                ("host", "inner:8080"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "play.example"),
            ][..],
            &[
                ("host", "inner:8080"),
                (
                    "forwarded",
                    "for=1.2.3.4;proto=http, for=x;Proto=https;host=\"play.example\"",
                ),
            ],
        ] {
            let trusted = place(&config, fields, true);
            assert!(trusted.is_https() && allows(&trusted, "https://play.example"));
            assert!(
                !allows(&trusted, "http://play.example") && !allows(&trusted, "http://inner:8080")
            );
            let anybody = place(&config, fields, false);
            assert!(!anybody.is_https() && !allows(&anybody, "https://play.example"));
            assert!(allows(&anybody, "http://inner:8080"));
        }
    }

    #[test]
    fn a_public_address_is_the_only_one_but_for_this_machine() {
        let config = HttpConfig {
            public_url: Some("https://play.example/".to_owned()),
            ..HttpConfig::default()
        };
        let proxied = place(&config, &[("host", "play.example")], false);
        assert!(proxied.is_https() && allows(&proxied, "https://play.example"));
        assert!(!allows(&proxied, "http://play.example"));
        let local = place(&config, &[("host", "127.0.0.1:8080")], false);
        assert!(allows(&local, "http://127.0.0.1:8080"));
    }

    #[test]
    fn the_base_path_is_a_trusted_proxys_or_that_of_the_public_address() {
        let base = |config: &HttpConfig, fields: &[(&'static str, &str)], is_proxy| {
            place(config, fields, is_proxy).base().as_str().to_owned()
        };
        let plain = HttpConfig::default();
        let public = HttpConfig {
            public_url: Some("https://play.example/playback/".to_owned()),
            ..HttpConfig::default()
        };
        let prefix = [("host", "inner:8080"), ("x-forwarded-prefix", "/tools")];
        assert_eq!(base(&plain, &prefix, true), "/tools/");
        assert_eq!(base(&plain, &prefix, false), "/");
        assert_eq!(base(&public, &prefix, true), "/tools/");
        for odd in ["", "tools", "//evil.example", "/a\"b", "/.."] {
            let fields = [("host", "inner:8080"), ("x-forwarded-prefix", odd)];
            assert_eq!(base(&plain, &fields, true), "/", "{odd}");
        }
        for (host, path) in [
            ("play.example", "/playback/"),
            ("Play.example:443", "/playback/"),
            ("play.example:8080", "/"),
            ("localhost:8080", "/"),
        ] {
            assert_eq!(base(&public, &[("host", host)], false), path, "{host}");
        }
    }

    #[test]
    fn what_another_site_made_a_browser_send_is_refused() {
        let may = |site: &str, method: &Method| {
            Place::check_site(&headers(&[("sec-fetch-site", site)]), method).is_ok()
        };
        for method in [Method::GET, Method::POST, Method::DELETE] {
            assert!(may("same-origin", &method) && may("none", &method));
            assert!(!may("cross-site", &method));
        }
        assert!(may("same-site", &Method::GET) && !may("same-site", &Method::POST));
    }
}
