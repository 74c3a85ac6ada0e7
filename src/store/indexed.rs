//! Texts that an index holds.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// How many characters of a text an index holds: what the narrowest of the databases can.
const LONGEST: usize = 255;

/// How much of a longer text is left to be read.
const KEPT: usize = 180;

/// A text as it stands in an indexed column, and as it is looked for there. Indexes hold so much and no
/// more, and refuse the whole row else; a longer text is known by its beginning and its hash. The log has
/// it as it was.
pub(super) fn indexed(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST || text.chars().count() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut short: String = text.chars().take(KEPT).collect();
    short.push('…');
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a String cannot fail.
        let _ = write!(short, "{byte:02x}");
    }
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_known_by_its_beginning_and_its_hash() {
        let usual = "ä".repeat(255);
        assert_eq!(indexed(&usual), usual);
        let long = indexed(&"ä".repeat(256)).into_owned();
        assert_eq!(long.chars().count(), 180 + 1 + 64);
        assert!(long.starts_with(&"ä".repeat(180)));
        assert_ne!(indexed(&"ä".repeat(257)), long);
    }
}
