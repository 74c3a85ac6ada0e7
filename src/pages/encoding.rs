//! The encodings in which files are there, and which of them a client takes.

/// A compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

impl Encoding {
    /// All of them, the smallest first.
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The ending of the names of such files.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }
}

/// The encodings that a client takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accepted {
    brotli: bool,
    gzip: bool,
}

impl Accepted {
    /// Reads `Accept-Encoding`. `*` counts for nothing: a client that names no encoding may know neither.
    #[must_use]
    pub fn read(header: &str) -> Self {
        let mut accepted = Self::default();
        for word in header.split(',') {
            let mut parts = word.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let is_taken = weight.is_none_or(|weight| weight.parse() != Ok(0.0));
            match name {
                _ if name.eq_ignore_ascii_case("br") => accepted.brotli = is_taken,
                _ if name.eq_ignore_ascii_case("gzip") => accepted.gzip = is_taken,
                _ => {}
            }
        }
        accepted
    }

    pub(super) fn has(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_takes_is_read() {
        for (header, brotli, gzip) in [
            ("", false, false),
            ("gzip, deflate, br, zstd", true, true),
            ("GZIP;q=0.5", false, true),
            ("br;q=0, gzip; q=1", false, true),
            ("br;q=0.000", false, false),
            ("*", false, false),
            ("bright, gzipped", false, false),
        ] {
            let accepted = Accepted::read(header);
            assert_eq!((accepted.brotli, accepted.gzip), (brotli, gzip), "{header}");
        }
    }
}
