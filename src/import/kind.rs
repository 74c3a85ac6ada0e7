//! Recognizes the kind of a source by its first bytes.

/// A kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs that another collector exported.
    Bundle,
    /// A SQLite file, which may be ARA's.
    Ara,
    /// The output of the callback `json` or `jsonl`.
    Json,
    /// XML, which may be a file of the callback `junit`.
    Junit,
}

impl Kind {
    /// Every kind that can be named.
    pub const NAMES: [&'static str; 4] = ["bundle", "ara", "json", "junit"];

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let kinds = [Self::Bundle, Self::Ara, Self::Json, Self::Junit];
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        kinds.get(at).copied()
    }

    /// What a file with this beginning is, if it is anything known. Before the output of a callback, there may be other
    /// lines.
    #[must_use]
    pub fn of(beginning: &[u8]) -> Option<Self> {
        const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
        if beginning.starts_with(&ZSTD) {
            return Some(Self::Bundle);
        }
        if beginning.starts_with(b"SQLite format 3\0") {
            return Some(Self::Ara);
        }
        let text = beginning
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(beginning)
            .trim_ascii_start();
        if text.starts_with(b"<") {
            return Some(Self::Junit);
        }
        let mut lines = text.split(|byte| *byte == b'\n');
        lines
            .any(|line| line.starts_with(b"{"))
            .then_some(Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_beginning() {
        for (beginning, kind) in [
            (&b"\x28\xb5\x2f\xfd..."[..], Some(Kind::Bundle)),
            (b"SQLite format 3\0\x10\0", Some(Kind::Ara)),
            (b"{\n    \"plays\": [", Some(Kind::Json)),
            (b"[WARNING]: no hosts\n{\"plays\": [", Some(Kind::Json)),
            (b"\xef\xbb\xbf<?xml version=\"1.0\" ?>\n", Some(Kind::Junit)),
            (b"\n<testsuites>", Some(Kind::Junit)),
            (b"PLAY [web] ****\n", None),
            (b"PK\x03\x04", None),
            (b"", None),
        ] {
            assert_eq!(Kind::of(beginning), kind, "{beginning:?}");
        }
        for name in Kind::NAMES {
            assert!(Kind::from_name(name).is_some());
        }
    }
}
