//! Text and attributes of XML 1.0, without the escape sequences of terminals. Characters that XML cannot hold, not even
//! escaped, become one that is visible.

use super::super::ansi::stripped;

/// Appends text.
pub(super) fn push_text(text: &str, out: &mut String) {
    for c in stripped(text).chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c => push_char(c, out),
        }
    }
}

/// Appends an attribute, with a blank before it. Its name is ours.
pub(super) fn push_attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for c in stripped(value).chars() {
        match c {
            // Otherwise a reader would take them for blanks.
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c => push_char(c, out),
        }
    }
    out.push('"');
}

fn push_char(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\r' => out.push_str("&#13;"),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        let mut out = String::new();
        push_text("<a>&\"]]>\n\t\u{b}\0\u{fffe}\r\u{9b}é", &mut out);
        let expected = "&lt;a&gt;&amp;&quot;]]&gt;\n\t\u{fffd}\u{fffd}\u{fffd}&#13;\u{fffd}é";
        assert_eq!(out, expected);
        let mut out = String::new();
        push_attribute("name", "\"/><x\ny\tz'", &mut out);
        assert_eq!(out, " name=\"&quot;/&gt;&lt;x&#10;y&#9;z'\"");
    }
}
