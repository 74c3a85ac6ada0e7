//! Pages of lists.

use super::{ExecutionKey, ExecutionRow};

/// The requested part of a list of executions.
#[derive(Debug, Clone)]
pub struct Page {
    /// Maximum number of entries.
    pub limit: u32,
    /// How many entries to skip; documented, but slow for large numbers.
    pub offset: u64,
    /// Where the last page ended; the preferred way for clients.
    pub after: Option<Cursor>,
    /// Whether the oldest come first.
    pub ascending: bool,
}

/// Where a page of executions ended: the sort key of its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Start time of the last entry.
    pub started_us: i64,
    /// Key of the last entry.
    pub key: ExecutionKey,
}

impl Cursor {
    /// The cursor after this entry.
    #[must_use]
    pub fn of((key, row): &(ExecutionKey, ExecutionRow)) -> Self {
        Self {
            started_us: row.started_us,
            key: *key,
        }
    }

    /// As an opaque text for the API.
    #[must_use]
    pub fn encode(self) -> String {
        // Hexadecimal keeps the bits, so that a time before the epoch can be read back.
        format!("{:x}.{:x}", self.started_us, self.key)
    }

    /// Parses what [`Cursor::encode`] wrote; none for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let (started, key) = text.split_once('.')?;
        let signed = |text| Some(u64::from_str_radix(text, 16).ok()?.cast_signed());
        Some(Self {
            started_us: signed(started)?,
            key: signed(key)?,
        })
    }
}

/// The requested part of a list of executions by their duration. Only finished executions have one.
#[derive(Debug, Clone)]
pub struct DurationPage {
    /// Maximum number of entries.
    pub limit: u32,
    /// Where the last page ended.
    pub after: Option<DurationCursor>,
    /// Whether the shortest come first.
    pub ascending: bool,
}

/// Where a page of executions by their duration ended: the sort key of its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationCursor {
    /// Duration of the last entry, in microseconds.
    pub duration_us: i64,
    /// Key of the last entry.
    pub key: ExecutionKey,
}

impl DurationCursor {
    /// The cursor after this entry.
    #[must_use]
    pub fn of((key, row): &(ExecutionKey, ExecutionRow)) -> Self {
        Self {
            duration_us: row.duration_us().unwrap_or(0),
            key: *key,
        }
    }

    /// As an opaque text for the API, different from every other cursor.
    #[must_use]
    pub fn encode(self) -> String {
        format!("t{:x}.{:x}", self.duration_us, self.key)
    }

    /// Parses what [`DurationCursor::encode`] wrote; none for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let Cursor { started_us, key } = Cursor::decode(text.strip_prefix('t')?)?;
        Some(Self {
            duration_us: started_us,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            started_us: 1_768_904_400_000_000,
            key: 7,
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        let longest = DurationCursor {
            duration_us: 5,
            key: 7,
        };
        assert_eq!(DurationCursor::decode(&longest.encode()), Some(longest));
        assert_eq!(DurationCursor::decode(&cursor.encode()), None);
        assert_eq!(Cursor::decode(&longest.encode()), None);
        let cursor = Cursor {
            started_us: i64::MIN,
            ..cursor
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for bad in ["", ".", "12", "zz.00", "1.2.3", "1.no-number"] {
            assert_eq!(Cursor::decode(bad), None, "{bad}");
        }
    }
}
