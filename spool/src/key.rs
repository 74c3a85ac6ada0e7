//! The run key: a process that has it may add to the run.
//!
//! The first producer of a run generates it, passes it to the run's other producers, and writes it into its spool: as a
//! last field of the file's first line, which is removed before the line is sent. So the holder of a spool can deliver
//! it, whatever token they have.

use std::fmt::Write as _;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

/// Text before the key at the end of a spool's first line.
const FIELD: &[u8] = b",\"run_key\":\"";

/// Text after it.
const END: &[u8] = b"\"}";

/// Length of a key, in hexadecimal digits.
const DIGITS: usize = 32;

/// 128 random bits.
#[derive(Debug, Clone)]
pub struct RunKey(SecretString);

impl RunKey {
    /// A new key. None: the system gives no random numbers.
    #[must_use]
    pub fn mint() -> Option<Self> {
        let mut bytes = Zeroizing::new([0_u8; DIGITS / 2]);
        getrandom::fill(&mut *bytes).ok()?;
        // As long as the key, so that no part of it stays behind in memory when the text grows.
        let mut text = String::with_capacity(DIGITS);
        for byte in bytes.iter() {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Some(Self(text.into()))
    }

    /// Parses a key; none if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_key = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key.then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// Its text, for those who may have it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Adds the key to the first of some lines.
    pub(crate) fn put_into(&self, lines: &[u8]) -> Vec<u8> {
        let first = memchr::memchr(b'\n', lines).unwrap_or(lines.len());
        // Every line is a JSON object.
        let at = first.saturating_sub(1);
        let mut new = Vec::with_capacity(lines.len() + FIELD.len() + DIGITS + END.len());
        new.extend_from_slice(&lines[..at]);
        new.extend_from_slice(FIELD);
        new.extend_from_slice(self.expose().as_bytes());
        new.push(b'"');
        new.extend_from_slice(&lines[at..]);
        new
    }

    /// The key in the first of some lines, and the range of its field.
    fn find(lines: &[u8]) -> Option<(Self, std::ops::Range<usize>)> {
        let first = &lines[..memchr::memchr(b'\n', lines)?];
        let rest = first.strip_suffix(END)?;
        let start = rest.len().checked_sub(DIGITS)?;
        let key = std::str::from_utf8(&rest[start..]).ok()?;
        let before = rest[..start].strip_suffix(FIELD)?;
        Some((Self::parse(key)?, before.len()..rest.len() + 1))
    }

    /// The key in the first of some lines.
    pub(crate) fn of(lines: &[u8]) -> Option<Self> {
        Self::find(lines).map(|(key, _)| key)
    }

    /// Removes the key from the first of some lines.
    pub(crate) fn take_off(lines: &mut Vec<u8>) {
        if let Some((_, field)) = Self::find(lines) {
            lines.drain(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: Option<RunKey>) -> Option<String> {
        key.map(|key| key.expose().to_owned())
    }

    #[test]
    fn a_key_stands_in_the_first_line_alone_and_comes_off_without_a_trace() {
        let key = RunKey::mint().unwrap();
        let lines = b"{\"seq\":1,\"data\":{\"a\":\"b\"}}\n{\"seq\":2,\"data\":{}}\n";
        let mut with = key.put_into(lines);
        assert_eq!(text(RunKey::of(&with)), text(Some(key.clone())));
        assert_eq!(with.iter().filter(|byte| **byte == b'\n').count(), 2);
        for line in with
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            serde_json::from_slice::<serde_json::Value>(line).unwrap();
        }
        RunKey::take_off(&mut with);
        assert_eq!(with, lines);
        RunKey::take_off(&mut with);
        assert_eq!(with, lines, "a spool of an earlier version has none");
        assert!(RunKey::of(b"{\"seq\":1,\"run_key\":\"short\"}\n").is_none());
        assert!(!format!("{key:?}").contains(key.expose()));
    }

    #[test]
    fn keys_differ_and_read_back() {
        let (one, other) = (RunKey::mint().unwrap(), RunKey::mint().unwrap());
        assert_ne!(one.expose(), other.expose());
        let read = RunKey::parse(&format!(" {}\n", one.expose()));
        assert_eq!(text(read), text(Some(one)));
        for text in ["", "x", "0123", &"g".repeat(32), &"0".repeat(33)] {
            assert!(RunKey::parse(text).is_none(), "{text}");
        }
    }
}
