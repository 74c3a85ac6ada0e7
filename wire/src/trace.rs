//! The place of a run in a distributed trace: `traceparent` as defined by the W3C.

use std::fmt;

/// The span that started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// Identity of the trace.
    pub trace_id: [u8; 16],
    /// Identity of the span within it.
    pub span_id: [u8; 8],
    /// Whether the caller that started the trace wants it recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// Parses `00-TRACE-SPAN-FLAGS`, in hexadecimal digits; none for anything else. For a version later than 00, the
    /// same fields are read, and anything after them is ignored, as the specification requires.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut fields = text.split('-');
        let mut field = || fields.next();
        let (version, trace, span, flags) = (field()?, field()?, field()?, field()?);
        let version: [u8; 1] = hex(version)?;
        let is_known = version == [0];
        if version == [0xff] || (is_known && fields.next().is_some()) {
            return None;
        }
        let (trace_id, span_id) = (hex(trace)?, hex(span)?);
        let flags: [u8; 1] = hex(flags)?;
        // All zeros mean that there is none.
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self {
            trace_id,
            span_id,
            sampled: flags[0] & 1 == 1,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (digits(&self.trace_id), digits(&self.span_id));
        write!(
            formatter,
            "00-{trace}-{span}-{:02x}",
            u8::from(self.sampled)
        )
    }
}

/// The identity of a run's trace in hexadecimal digits: that of its parent, if there is one; otherwise the run's own
/// identity, whose end is random, as traces require.
#[must_use]
pub fn trace_id(parent: Option<&str>, execution: &[u8; 16]) -> String {
    let parent = parent.and_then(TraceParent::parse);
    digits(&parent.map_or(*execution, |parent| parent.trace_id))
}

/// Bytes in hexadecimal digits.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lower-case hexadecimal digits, exactly as many as required.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != 2 * N || !text.bytes().all(is_hex) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_the_specification_shows_is_read_and_written() {
        let read = TraceParent::parse(WELL).unwrap();
        assert!(read.sampled && read.trace_id[0] == 0x4b && read.span_id[7] == 0xb7);
        assert_eq!(read.to_string(), WELL);
        assert!(
            !TraceParent::parse(&WELL.replace("-01", "-00"))
                .unwrap()
                .sampled
        );
        // Other bits have another meaning, and a later version may have more.
        assert!(
            TraceParent::parse(&WELL.replace("-01", "-03"))
                .unwrap()
                .sampled
        );
        assert!(TraceParent::parse(&format!("cc{}-more", &WELL[2..])).is_some());
    }

    #[test]
    fn anything_else_is_no_parent() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47é6-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_run_without_a_parent_is_a_trace_of_its_own() {
        let own = [7; 16];
        assert_eq!(
            trace_id(Some(WELL), &own),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert_eq!(trace_id(None, &own), "07".repeat(16));
        assert_eq!(trace_id(Some("nonsense"), &own), "07".repeat(16));
    }
}
