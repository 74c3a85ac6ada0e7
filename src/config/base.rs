//! The path below which browsers find the collector: `/`, or one of a reverse proxy that serves other things, too.

use std::fmt;

/// A path that begins and ends with a slash, of characters that mean nothing in HTML, a cookie or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// The longest that is accepted, in bytes.
    const MOST: usize = 200;

    /// Reads `/`, `/playback` or `/tools/playback/`; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "/" {
            return Some(Self::default());
        }
        let inner = text.strip_prefix('/')?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let is_name = |name: &str| {
            !name.is_empty() && !matches!(name, "." | "..") && name.chars().all(is_plain)
        };
        let fits = text.len() <= Self::MOST && inner.split('/').all(is_name);
        fits.then(|| Self(format!("/{inner}/")))
    }

    /// The path, with a slash at both ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that of a collector with an address of its own.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }
}

impl Default for BasePath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_plain_or_none() {
        for (text, path) in [
            ("/", "/"),
            ("/playback", "/playback/"),
            ("/playback/", "/playback/"),
            ("/tools/play-back_1.0~x", "/tools/play-back_1.0~x/"),
        ] {
            assert_eq!(BasePath::parse(text).unwrap().as_str(), path);
        }
        for wrong in [
            "",
            "playback",
            "//",
            "//evil.example",
            "/a//b",
            "/..",
            "/a/../b",
            "/a b",
            "/a\"b",
            "/<b>",
            "/a;Path=/",
            "/%2e%2e",
            "/a?b",
            "/a#b",
            "https://a/b",
            "/bücher",
        ] {
            assert_eq!(BasePath::parse(wrong), None, "{wrong}");
        }
        assert_eq!(BasePath::parse(&format!("/{}", "a".repeat(300))), None);
    }
}
