//! Bytes → text. UTF-8 is unchanged; every other byte is marked, so that it can be restored: see
//! [`playback_wire::printed`].
//!
//! Pieces may end anywhere: an incomplete character waits for its rest.

use playback_wire::printed;

/// Turns one stream's bytes into text.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The beginning of a character, at most three bytes.
    held: Vec<u8>,
}

impl Decoder {
    /// Appends the text of the next bytes to `out`.
    pub(crate) fn decode(&mut self, bytes: &[u8], out: &mut String) {
        if self.held.is_empty() {
            self.decode_whole(bytes, out);
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(bytes);
            self.decode_whole(&joined, out);
        }
    }

    fn decode_whole(&mut self, mut bytes: &[u8], out: &mut String) {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    printed::push_text(text, out);
                    return;
                }
                Err(error) => error,
            };
            let (good, bad) = bytes.split_at(error.valid_up_to());
            printed::push_text(&String::from_utf8_lossy(good), out);
            let Some(length) = error.error_len() else {
                self.held.extend_from_slice(bad);
                return;
            };
            let (wrong, rest) = bad.split_at(length);
            printed::push_bytes(wrong, out);
            bytes = rest;
        }
    }

    /// Nothing follows: marks the bytes of an incomplete character.
    pub(crate) fn finish(&mut self, out: &mut String) {
        printed::push_bytes(&self.held, out);
        self.held.clear();
    }
}

/// Removes the carriage return that a pseudo-terminal adds before each newline.
#[derive(Debug, Default)]
pub(crate) struct CarriageReturns {
    /// The last byte was a carriage return; the next one shows whether it was added.
    held: bool,
}

impl CarriageReturns {
    /// Appends `bytes` to `out` without the added ones.
    pub(crate) fn take_back(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(first) = bytes.first() else { return };
        if std::mem::take(&mut self.held) && *first != b'\n' {
            out.push(b'\r');
        }
        let mut from = 0;
        for at in memchr::memchr_iter(b'\r', bytes) {
            match bytes.get(at + 1) {
                Some(b'\n') => {
                    out.extend_from_slice(&bytes[from..at]);
                    from = at + 1;
                }
                Some(_) => {}
                None => {
                    self.held = true;
                    out.extend_from_slice(&bytes[from..at]);
                    return;
                }
            }
        }
        out.extend_from_slice(&bytes[from..]);
    }

    /// Appends the last carriage return, if nothing follows it.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.held) {
            out.push(b'\r');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_pieces(pieces: &[&[u8]]) -> String {
        let (mut decoder, mut out) = (Decoder::default(), String::new());
        for piece in pieces {
            decoder.decode(piece, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn bytes_that_are_not_text_are_visible() {
        let shown = |pieces: &[&[u8]]| printed::readable(&in_pieces(pieces)).into_owned();
        assert_eq!(shown(&[b"a\xffb"]), "a\\xffb");
        assert_eq!(shown(&[b"a\xe2", b"\x82", b"\xacb"]), "a\u{20ac}b");
        assert_eq!(shown(&[b"a\xe2\x82"]), "a\\xe2\\x82");
        assert_eq!(shown(&[b"\xe2", b"\xe2\x82\xac"]), "\\xe2\u{20ac}");
    }

    proptest! {
        #[test]
        fn where_bytes_are_cut_changes_nothing(bytes: Vec<u8>, cut in 0_usize..64) {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(in_pieces(&[first, second]), in_pieces(&[&bytes]));
            let text = in_pieces(&[first, second]);
            prop_assert_eq!(&*printed::exact(&text), &bytes[..]);
        }

        #[test]
        fn what_a_terminal_adds_is_taken_back(text in "[a\r\n]{0,40}", cut in 0_usize..40) {
            let shown = text.replace('\n', "\r\n");
            let (first, second) = shown.as_bytes().split_at(cut.min(shown.len()));
            let (mut returns, mut out) = (CarriageReturns::default(), Vec::new());
            returns.take_back(first, &mut out);
            returns.take_back(second, &mut out);
            returns.finish(&mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
