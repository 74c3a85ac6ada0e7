//! Text → JSON strings.
//!
//! The only place that escapes. Results are mostly plain text, so the scan checks eight bytes at a time and copies
//! whole runs.

use std::io::Write as _;

/// Bytes that need an escape in a JSON string.
#[inline]
fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether any of eight bytes needs an escape.
#[inline]
fn word_needs_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |value: u64| value.wrapping_sub(ONES) & !value & HIGH;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    (below_space | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))))
        != 0
}

/// Position of the next byte that needs an escape, from `from`.
#[inline]
fn next_escape(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..at + 8) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        if word_needs_escape(u64::from_ne_bytes(word)) {
            break;
        }
        at += 8;
    }
    while at < bytes.len() && !needs_escape(bytes[at]) {
        at += 1;
    }
    at
}

/// Appends `text`, escaped, without quotes and without NUL: PostgreSQL cannot store NUL in text, and no result depends
/// on it.
#[inline]
pub fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = next_escape(bytes, from);
        out.extend_from_slice(&bytes[from..at]);
        let Some(&byte) = bytes.get(at) else { return };
        match byte {
            0 => {}
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // Writing to a Vec cannot fail.
            _ => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        from = at + 1;
    }
}

/// Appends `text` as a JSON string.
#[inline]
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// Converts UTF-8 with surrogates (Python's `surrogatepass`) to text in which each lone surrogate is spelled out:
/// `\udcff`. Other invalid bytes become `\xff` in the same way.
pub fn spell_out(mut bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() + 16);
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return text;
            }
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                let taken = match bad {
                    [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, ..] => {
                        let code =
                            0xd000 | (u32::from(second & 0x3f) << 6) | u32::from(third & 0x3f);
                        let _ = write!(text, "\\u{code:04x}");
                        3
                    }
                    [byte, ..] => {
                        let _ = write!(text, "\\x{byte:02x}");
                        1
                    }
                    [] => return text,
                };
                bytes = &bad[taken..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_reads_back_without_nul(text in any::<String>()) {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            let back: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(back, text.replace('\0', ""));
        }

        #[test]
        fn any_bytes_can_be_spelled_out(bytes in any::<Vec<u8>>()) {
            let text = spell_out(&bytes);
            if let Ok(plain) = std::str::from_utf8(&bytes) {
                prop_assert_eq!(text, plain);
            }
        }
    }

    #[test]
    fn a_lone_surrogate_is_visible() {
        assert_eq!(spell_out(b"a\xed\xb3\xbfb"), "a\\udcffb");
        assert_eq!(spell_out(b"a\xffb"), "a\\xffb");
    }
}
