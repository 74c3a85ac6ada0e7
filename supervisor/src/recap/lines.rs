//! Splits output into lines, without holding more of a line than can matter.

/// The longest line that can matter, in bytes. Of a longer one, slightly more than this is passed on, so that its
/// excess length is visible.
pub(super) const MAX_LINE_BYTES: usize = 4 << 10;

/// Splits one stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of an unfinished line.
    held: Vec<u8>,
}

impl Lines {
    /// Passes on each line that ends in `bytes`, without its newline.
    pub(super) fn cut(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        if !self.held.is_empty() {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.hold(bytes);
                return;
            };
            self.hold(&bytes[..end]);
            each(&self.held);
            self.held.clear();
            bytes = &bytes[end + 1..];
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = &bytes[start..end];
            each(&line[..line.len().min(MAX_LINE_BYTES + 1)]);
            start = end + 1;
        }
        self.hold(&bytes[start..]);
    }

    /// Whether the last line is unfinished.
    pub(super) fn is_within(&self) -> bool {
        !self.held.is_empty()
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = (MAX_LINE_BYTES + 1).saturating_sub(self.held.len());
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_held_no_further_than_it_matters() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for _ in 0..1_000 {
            lines.cut(&[b'x'; 1_000], |line| seen.push(line.len()));
        }
        assert!(lines.is_within());
        assert!(lines.held.capacity() < 4 * MAX_LINE_BYTES);
        lines.cut(b"\n\nab\n", |line| seen.push(line.len()));
        assert_eq!(seen, [MAX_LINE_BYTES + 1, 0, 2]);
        assert!(!lines.is_within());
    }
}
