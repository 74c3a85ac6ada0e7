//! Limits how much of a large value is kept, and marks what was left out.
//!
//! A result is first written whole. If it exceeds the largest event, it is written again with tighter limits, and
//! finally with its most important fields only. Everything left out is listed under [`CUT_KEY`]: where, how large it
//! was, and the SHA-256 of long text.

use std::io::Write as _;

use sha2::{Digest, Sha256};

use crate::text;

/// Name of the field that lists what was left out of a value.
pub const CUT_KEY: &str = "playback_cut";

/// Maximum nesting that is written. A reader's JSON parser has its own limit (128 in serde_json), and the event around
/// the content uses a few levels of it.
pub const MAX_DEPTH: usize = 64;

/// Limits of one attempt.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the whole value.
    pub total: usize,
    /// Bytes of one text, before escaping.
    pub string: usize,
    /// Entries of one list or dict.
    pub entries: usize,
}

/// The attempts for a value of at most `total` bytes, from generous to tight.
pub fn attempts(total: usize) -> [Limits; 4] {
    let attempt = |share: usize, entries: usize| Limits {
        total,
        string: (total / share).max(128),
        entries,
    };
    [
        attempt(4, usize::MAX),
        attempt(16, 2_000),
        attempt(64, 200),
        attempt(512, 20),
    ]
}

/// Something that was left out.
#[derive(Debug)]
pub struct Cut {
    /// Where it was: keys and positions joined by dots; empty for the value as a whole.
    pub path: String,
    /// What it was.
    pub kind: CutKind,
}

/// The kind of content that was left out.
#[derive(Debug)]
pub enum CutKind {
    /// The middle of a text (or, at the empty path, most of the value, as JSON).
    Text {
        /// Its whole size.
        bytes: u64,
        /// The hash of the whole, hexadecimal.
        sha256: String,
    },
    /// The tail of a list or dict with that many entries.
    Entries(usize),
}

/// Appends the list of cuts as a JSON value.
pub fn push_cuts(out: &mut Vec<u8>, cuts: &[Cut]) {
    // The list itself must stay small: past this many, the tail is only counted.
    const LISTED: usize = 50;
    out.push(b'[');
    for (index, cut) in cuts.iter().take(LISTED).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"path\":");
        text::push_string(out, &cut.path);
        // Writing to a Vec cannot fail.
        let _ = match &cut.kind {
            CutKind::Text { bytes, sha256 } => {
                write!(out, ",\"bytes\":{bytes},\"sha256\":\"{sha256}\"}}")
            }
            CutKind::Entries(entries) => write!(out, ",\"entries\":{entries}}}"),
        };
    }
    if cuts.len() > LISTED {
        let _ = write!(
            out,
            ",{{\"path\":\"\",\"more_cuts\":{}}}",
            cuts.len() - LISTED
        );
    }
    out.push(b']');
}

/// Writes head and tail of a long text as a JSON string, with a line between them that says what is missing. Returns
/// what was cut.
pub fn push_shortened(out: &mut Vec<u8>, whole: &str, keep: usize) -> CutKind {
    let sha256 = hex(&Sha256::digest(whole.as_bytes()));
    let head = whole.floor_char_boundary(keep / 2);
    let tail = whole.ceil_char_boundary(whole.len() - keep / 2);
    out.push(b'"');
    text::push_escaped(out, &whole[..head]);
    let _ = write!(
        out,
        "\\n[… {} of {} bytes left out by Playback, sha256 {sha256} …]\\n",
        tail - head,
        whole.len(),
    );
    text::push_escaped(out, &whole[tail..]);
    out.push(b'"');
    CutKind::Text {
        bytes: whole.len() as u64,
        sha256,
    }
}

/// Hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_head_and_tail() {
        let whole = format!("begin{}end", "é".repeat(5_000));
        let mut out = Vec::new();
        let kind = push_shortened(&mut out, &whole, 101);
        let text: String = serde_json::from_slice(&out).unwrap();
        assert!(text.starts_with("begin") && text.ends_with("end"));
        assert!(text.contains("of 10008 bytes left out"));
        assert!(matches!(kind, CutKind::Text { bytes: 10_008, .. }));
    }

    #[test]
    fn the_list_of_cuts_is_json_and_bounded() {
        let cuts: Vec<_> = (0..200)
            .map(|n| Cut {
                path: format!("a.\"{n}"),
                kind: CutKind::Entries(n),
            })
            .collect();
        let mut out = Vec::new();
        push_cuts(&mut out, &cuts);
        let list: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
        assert_eq!(list.len(), 51);
    }
}
