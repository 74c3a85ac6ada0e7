//! A line without its colours.

use super::lines::MAX_LINE_BYTES;

/// The longest credible host name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The text of a line without colours. None: it is too long, or contains what Ansible never prints there: invalid
/// UTF-8, or control characters.
pub(super) fn plain(line: &[u8]) -> Option<String> {
    if line.len() > MAX_LINE_BYTES {
        return None;
    }
    let mut rest = std::str::from_utf8(line).ok()?;
    let mut text = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\u{1b}') {
        text.push_str(&rest[..at]);
        rest = &rest[at + after_colour(&rest.as_bytes()[at..])?..];
    }
    text.push_str(rest);
    (!text.contains(char::is_control)).then_some(text)
}

/// A line without leading colour codes.
pub(super) fn uncoloured(mut line: &[u8]) -> &[u8] {
    while let Some(length) = after_colour(line) {
        line = &line[length..];
    }
    line
}

/// A line without a final carriage return: a program that runs Ansible on a terminal of its own, as sudo does, adds
/// one.
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Length of the colour code that `bytes` begin with.
fn after_colour(bytes: &[u8]) -> Option<usize> {
    let parameters = bytes.strip_prefix(b"\x1b[")?;
    let end = parameters
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b';')?;
    (parameters[end] == b'm').then_some(end + 3)
}

/// A possible host name, without the padding after it. Inventories allow spaces, colons and any script.
pub(super) fn host(name: &str) -> Option<&str> {
    let name = name.trim_end();
    let plausible =
        !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with(char::is_whitespace);
    plausible.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_nothing_else_does() {
        let line = "\u{1b}[0;33mh\u{fc}\u{1b}[0m : \u{1b}[38;5;9mok=1\u{1b}[0m";
        assert_eq!(plain(line.as_bytes()).unwrap(), "h\u{fc} : ok=1");
        for odd in [&b"\x1b[2Jx"[..], b"\x1b", b"\x1b[", b"a\tb", b"\xff"] {
            assert_eq!(plain(odd), None, "{odd:?}");
        }
        assert_eq!(uncoloured(b"\x1b[0;32m\x1b[1mok: ["), b"ok: [");
    }

    #[test]
    fn names_may_be_odd() {
        for name in ["web 1", "fe80::1", "a:b : c", "\u{43c}\u{438}\u{440}"] {
            assert_eq!(host(&format!("{name}    ")), Some(name));
        }
        assert_eq!(host(" x"), None);
        assert_eq!(host("  "), None);
        assert_eq!(host(&"x".repeat(300)), None);
    }
}
