//! Printed bytes as text, and back.
//!
//! A record is text, but a command may print other bytes. Each byte that is not UTF-8, and NUL, becomes four
//! characters: NUL, which occurs nowhere else in a record, then `x` and two hexadecimal digits. [`exact`] restores the
//! bytes; [`readable`] is for people and JSON, where such a byte is spelled out (`\xff`) and a NUL left out.

use std::borrow::Cow;

/// The character before a byte's digits.
const MARK: char = '\0';

/// Length of such a mark, in characters.
const LENGTH: usize = 4;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn push_byte(byte: u8, out: &mut String) {
    out.push(MARK);
    out.push('x');
    for digit in [byte >> 4, byte & 0xf] {
        out.push(char::from(DIGITS[usize::from(digit)]));
    }
}

/// Appends bytes that are not UTF-8.
pub fn push_bytes(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        push_byte(*byte, out);
    }
}

/// Appends text as it was printed.
pub fn push_text(text: &str, out: &mut String) {
    let mut parts = text.split(MARK);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        push_byte(0, out);
        out.push_str(part);
    }
}

/// Printed bytes as a record holds them.
#[must_use]
pub fn from_bytes(mut bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 16);
    loop {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                push_text(text, &mut out);
                return out;
            }
            Err(error) => error,
        };
        let (good, bad) = bytes.split_at(error.valid_up_to());
        push_text(&String::from_utf8_lossy(good), &mut out);
        let (wrong, rest) = bad.split_at(error.error_len().unwrap_or(bad.len()));
        push_bytes(wrong, &mut out);
        bytes = rest;
    }
}

/// A name that the system gives as bytes (a path, a word of a command line), recorded as Python decodes it: a byte that
/// is not UTF-8 becomes Python's surrogate, `\udce9`.
#[must_use]
pub fn name(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\udc{byte:02x}");
        }
    }
    out
}

/// The byte whose mark is at the beginning of `text`.
fn byte_at(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| {
        let digit = text.get(at)?;
        DIGITS.iter().position(|known| known == digit)
    };
    if text.get(..2)? != b"\0x" {
        return None;
    }
    u8::try_from(digit(2)? * 16 + digit(3)?).ok()
}

/// A record's text for people: without invisible parts.
#[must_use]
pub fn readable(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match byte_at(rest.as_bytes()) {
            Some(0) => rest = &rest[LENGTH..],
            Some(_) => {
                out.push('\\');
                out.push_str(&rest[1..LENGTH]);
                rest = &rest[LENGTH..];
            }
            None => rest = &rest[1..],
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The bytes that were printed.
#[must_use]
pub fn exact(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == 0) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        match byte_at(rest) {
            Some(byte) => {
                out.push(byte);
                rest = &rest[LENGTH..];
            }
            None => {
                out.push(0);
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The largest length up to `at` at which `text` can be cut: between characters, and not within a byte's mark.
#[must_use]
pub fn floor_boundary(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    for back in 1..LENGTH {
        if let Some(start) = at.checked_sub(back)
            && start > 0
            && byte_at(&text.as_bytes()[start..]).is_some()
        {
            return start;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [
            &all[..],
            b"caf\xe9\n",
            b"",
            "caf\u{e9}\0".as_bytes(),
            b"\xe2\x82",
            b"\\xff",
        ] {
            let text = from_bytes(bytes);
            assert_eq!(exact(&text), bytes);
            assert!(!readable(&text).contains('\0'));
        }
        assert_eq!(readable(&from_bytes(b"a\xffb\0c")), "a\\xffbc");
        assert_eq!(readable(&from_bytes(b"plain")), "plain");
    }

    #[test]
    fn a_name_is_spelled_as_pythons_text_of_it() {
        assert_eq!(name(b"/srv/caf\xe9/a"), "/srv/caf\\udce9/a");
        assert_eq!(name("/srv/caf\u{e9}".as_bytes()), "/srv/caf\u{e9}");
    }

    #[test]
    fn a_mark_is_not_cut() {
        let text = from_bytes(b"ab\xffcd");
        for (at, cut) in [
            (1, 1),
            (2, 2),
            (3, 2),
            (4, 2),
            (5, 2),
            (6, 6),
            (7, 7),
            (99, 8),
        ] {
            assert_eq!(floor_boundary(&text, at), cut, "at {at}");
        }
    }
}
