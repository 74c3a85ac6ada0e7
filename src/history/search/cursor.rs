//! The cursor of a page of found lines.

use uuid::Uuid;

use crate::model::Cursor;

/// Where a search continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// The last run that was searched, as the list's cursor.
    pub run: Cursor,
    /// If it was only searched in part: its identity, and how far.
    pub within: Option<(Uuid, Position)>,
}

/// A position in the lines of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Which producer's events: its number among those that are read.
    pub part: u8,
    /// The event to read from, so that everything that later lines consist of is read.
    pub from_seq: u64,
    /// Number of the first printed line that is read whole from there. Lines from it on that an earlier search has looked
    /// at are read again where they stand before later ones.
    pub from_line: u64,
    /// The last line that was examined: the event in which it ended, and which of the event's lines it is, from 1.
    pub seq: u64,
    /// See `seq`.
    pub sub: u64,
}

impl SearchCursor {
    /// As an opaque text for the API.
    #[must_use]
    pub fn encode(self) -> String {
        let run = self.run.encode();
        match self.within {
            None => run,
            Some((id, at)) => {
                let Position {
                    part,
                    from_seq,
                    from_line,
                    seq,
                    sub,
                } = at;
                let id = id.simple();
                format!("{run}.{id}.{part:x}.{from_seq:x}.{from_line:x}.{seq:x}.{sub:x}")
            }
        }
    }

    /// Reads what [`SearchCursor::encode`] wrote; none for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let run = Cursor::decode(&format!("{}.{}", parts.next()?, parts.next()?))?;
        let Some(rest) = parts.next() else {
            return Some(Self { run, within: None });
        };
        let parts: Vec<&str> = rest.split('.').collect();
        let [id, part, from_seq, from_line, seq, sub] = parts.as_slice() else {
            return None;
        };
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let position = Position {
            part: u8::try_from(number(part)?).ok()?,
            from_seq: number(from_seq)?,
            from_line: number(from_line)?,
            seq: number(seq)?,
            sub: number(sub)?,
        };
        Some(Self {
            run,
            within: Some((Uuid::try_parse(id).ok()?, position)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let run = Cursor {
            started_us: -5,
            key: 7,
        };
        let position = Position {
            part: 1,
            from_seq: 2,
            from_line: u64::MAX,
            seq: 300,
            sub: 4,
        };
        for within in [None, Some((Uuid::from_u128(77), position))] {
            let cursor = SearchCursor { run, within };
            assert_eq!(SearchCursor::decode(&cursor.encode()), Some(cursor));
        }
        for bad in ["", "1", "1.2.", "1.2.x.1.1.1.1.1", "1.2.3.4"] {
            assert_eq!(SearchCursor::decode(bad), None, "{bad}");
        }
    }
}
