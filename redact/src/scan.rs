//! Finds `key: value` in text: JSON, Python's own notation, YAML, `key=value`.
//!
//! Text has no reliable structure: if it is unclear how far a value extends, it extends to the end of the line. Values
//! that continue on further lines are JSON's lists and objects, and YAML's lines that are indented more than their key.

use std::borrow::Cow;
use std::ops::Range;

use crate::rules::Rules;

/// Whether the next line continues a redacted value.
#[derive(Debug, Clone, Default)]
pub struct Inside(State);

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Nothing,
    /// YAML: lines indented more than this; with `list`, also items at the same indentation.
    Deeper { indent: usize, list: bool },
    /// JSON: until this many brackets are closed.
    Brackets(usize),
}

/// A text in which each JSON string with escapes was passed to `hide` in its decoded form.
pub(crate) fn unquoted<'t>(
    text: &'t str,
    mut hide: impl FnMut(&str) -> Option<String>,
) -> Cow<'t, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut changed = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find('"') {
        let start = at + found;
        let Some(end) = closing(text, start) else {
            at = start + 1;
            continue;
        };
        at = end + 1;
        let Some(said) = escaped(&text[start..=end]) else {
            continue;
        };
        if let Some(hidden) = hide(&said) {
            changed.push_str(&text[done..start]);
            changed.push_str(&serde_json::to_string(&hidden).unwrap_or_default());
            done = at;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    changed.push_str(&text[done..]);
    Cow::Owned(changed)
}

/// The decoded text of a JSON string, if it has escapes.
fn escaped(quoted: &str) -> Option<String> {
    if !quoted.contains('\\') {
        return None;
    }
    serde_json::from_str(quoted).ok()
}

/// Finds the values in a line that are redacted because of their key. `base`: offset of the line.
pub(crate) fn values(
    line: &str,
    base: usize,
    rules: &Rules,
    inside: &mut Inside,
    found: &mut Vec<Range<usize>>,
) {
    let body = uncoloured(line);
    let mut line = Line {
        base: base + body.start,
        text: &line[body],
        rules,
        state: &mut inside.0,
        found,
    };
    if let Some(at) = line.go_on() {
        line.scan(at);
    }
}

struct Line<'l> {
    text: &'l str,
    base: usize,
    rules: &'l Rules,
    state: &'l mut State,
    found: &'l mut Vec<Range<usize>>,
}

impl Line<'_> {
    fn hide(&mut self, from: usize, to: usize) {
        self.found.push(self.base + from..self.base + to);
    }

    fn hide_rest(&mut self, from: usize) -> usize {
        self.hide(from, self.text.trim_end().len().max(from));
        self.text.len()
    }

    /// Continues an earlier line's value. Returns its end, if it ends here.
    fn go_on(&mut self) -> Option<usize> {
        if matches!(self.state, State::Nothing) {
            return Some(0);
        }
        let first = self.text.len() - self.text.trim_start().len();
        let blank = first == self.text.len();
        match std::mem::take(self.state) {
            State::Nothing => Some(0),
            State::Deeper { indent, list } => {
                let own = indent_of(self.text);
                let item = list && own == indent && self.text[own..].starts_with("- ");
                if blank || own > indent || item {
                    *self.state = State::Deeper { indent, list };
                    if !blank {
                        self.hide_rest(first);
                    }
                    return None;
                }
                Some(0)
            }
            // JSON has no empty lines: this is not JSON.
            State::Brackets(_) if blank => None,
            State::Brackets(mut open) => match close(self.text, first, &mut open) {
                Some(end) => {
                    self.hide(first, end);
                    Some(end)
                }
                None => {
                    *self.state = State::Brackets(open);
                    self.hide_rest(first);
                    None
                }
            },
        }
    }

    fn scan(&mut self, mut at: usize) {
        let text = self.text;
        while let Some(next) = text[at..].find(['"', '\'', ':', '=']) {
            let start = at + next;
            at = match text.as_bytes()[start] {
                b':' | b'=' => self.plain_key(start),
                quote => match closing(text, start) {
                    Some(end) => self.quoted(start, end, quote == b'"'),
                    None => start + 1,
                },
            };
        }
    }

    /// A quoted text is a key, or contains keys.
    fn quoted(&mut self, start: usize, end: usize, double: bool) -> usize {
        let said = &self.text[start + 1..end];
        if let Some(sign) = sign_after(self.text, end + 1) {
            let key = escaped(&self.text[start..=end]);
            if self.rules.hides(key.as_deref().unwrap_or(said)) {
                return self.value(start, sign, true);
            }
        }
        // A single quote may be an apostrophe.
        if !double {
            return start + 1;
        }
        // A text with escapes was already searched.
        if escaped(&self.text[start..=end]).is_none() {
            let mut nested = Inside::default();
            let base = self.base + start + 1;
            values(said, base, self.rules, &mut nested, self.found);
        }
        end + 1
    }

    /// The word before the sign is a key.
    fn plain_key(&mut self, sign: usize) -> usize {
        let head = self.text[..sign].trim_end_matches([' ', '\t']);
        let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let mut start = head.trim_end_matches(word).len();
        // A colour code ends in a letter.
        if let Some(escape) = head.rfind('\x1b')
            && let Some(end) = head[escape..].find('m')
        {
            start = start.max(escape + end + 1);
        }
        // So does an escape, as in `printf 'a\npassword: b'`.
        if head[..start].ends_with('\\') && head[start..].starts_with(['n', 'r', 't']) {
            start += 1;
        }
        let key = head[start..].trim_start_matches(['-', '.']);
        let last = key.rsplit('.').next().unwrap_or(key);
        if key.is_empty() || !(self.rules.hides(key) || self.rules.hides(last)) {
            return sign + 1;
        }
        self.value(head.len() - key.len(), sign, false)
    }

    /// Redacts the value of the key that begins at `key`, and returns its end.
    fn value(&mut self, key: usize, sign: usize, quoted: bool) -> usize {
        let text = self.text;
        let equals = text.as_bytes()[sign] == b'=';
        let after = text[sign + 1..].trim_start_matches(['=', '>']);
        let value = after.trim_start_matches([' ', '\t']);
        let spaced = value.len() < after.len() || value.is_empty();
        let from = text.len() - value.len();
        let begins = text[..key]
            .chars()
            .all(|c| matches!(c, ' ' | '\t' | '+' | '-' | '?'));
        let indent = if begins { key } else { indent_of(text) };
        let deeper = |list| State::Deeper { indent, list };
        if value.is_empty() {
            if begins && !equals {
                *self.state = deeper(true);
            }
            return text.len();
        }
        if !equals && is_block_mark(value) {
            *self.state = deeper(false);
            return text.len();
        }
        match value.as_bytes()[0] {
            b'"' | b'\'' => {
                if let Some(end) = closing(text, from) {
                    self.hide(from + 1, end);
                    return end + 1;
                }
            }
            b'{' | b'[' if quoted => {
                let mut open = 0;
                if let Some(end) = close(text, from, &mut open) {
                    self.hide(from, end);
                    return end;
                }
                *self.state = State::Brackets(open);
                return self.hide_rest(from);
            }
            _ if quoted => {
                let token = value.split([',', '}', ']', ' ', '\t']).next().unwrap_or("");
                if is_literal(token) {
                    self.hide(from, from + token.len());
                    return from + token.len();
                }
            }
            _ if equals && !spaced => {
                let token = value.split([' ', '\t']).next().unwrap_or(value);
                self.hide(from, from + token.len());
                return from + token.len();
            }
            _ => {}
        }
        if begins && !equals {
            *self.state = deeper(false);
        }
        self.hide_rest(from)
    }
}

/// The range of the line without colour codes around it.
fn uncoloured(line: &str) -> Range<usize> {
    let mut start = 0;
    while let Some(length) = colour(&line[start..]) {
        start += length;
    }
    let mut end = line.len();
    while let Some(escape) = line[start..end].rfind('\x1b')
        && colour(&line[start + escape..end]) == Some(end - start - escape)
    {
        end = start + escape;
    }
    start..end
}

/// Length of the colour code at the start of a text.
fn colour(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\x1b[")?;
    let code = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
    code.starts_with('m').then(|| text.len() - code.len() + 1)
}

/// Indentation of a line; the marker of a diff or a list item counts as a space.
fn indent_of(text: &str) -> usize {
    let marked = text.starts_with("+ ") || text.starts_with("- ");
    let rest = if marked { &text[1..] } else { text };
    text.len() - rest.trim_start_matches(' ').len()
}

/// Position of the quote that closes the one at `open`, on the same line.
fn closing(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = bytes[open];
    let mut at = open + 1;
    loop {
        match *bytes.get(at)? {
            b'\n' => return None,
            b'\\' => at += 2,
            // YAML doubles a single quote within single quotes.
            b'\'' if quote == b'\'' && at > open + 1 && bytes.get(at + 1) == Some(&b'\'') => {
                at += 2;
            }
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// Position of the sign that makes the preceding word a key.
fn sign_after(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].trim_start_matches([' ', '\t']);
    // `variables["password"] = …`
    let rest = rest.strip_prefix(']').unwrap_or(rest);
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.starts_with([':', '='])
        .then(|| text.len() - rest.len())
}

/// Where the last of `open` brackets, and of those opened from `at` on, is closed on this line.
fn close(text: &str, mut at: usize, open: &mut usize) -> Option<usize> {
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => at = closing(text, at)?,
            b'{' | b'[' => *open += 1,
            b'}' | b']' => {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether it is an unquoted value of JSON or Python, or already redacted.
fn is_literal(token: &str) -> bool {
    matches!(
        token,
        "***" | "null" | "true" | "false" | "None" | "True" | "False"
    ) || (token.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && token
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')))
}

/// Whether a YAML value is on the next lines: `|`, `>-`, `!vault |`.
fn is_block_mark(value: &str) -> bool {
    let mut value = value.trim_end();
    while value.starts_with(['!', '&']) {
        value = match value.split_once(' ') {
            Some((_, rest)) => rest.trim_start(),
            None => return true,
        };
    }
    let value = value.split(" #").next().unwrap_or(value).trim_end();
    let rest = value.strip_prefix(['|', '>']);
    rest.is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        let none: [&str; 0] = [];
        let rules = Rules::new(&["password", "api_key"], &none, &none).unwrap();
        rules.text(text).into_owned()
    }

    #[test]
    fn every_form_of_a_value_is_hidden() {
        for (shown, expected) in [
            (
                r#"{"password": "a b", "x": 1}"#,
                r#"{"password": "***", "x": 1}"#,
            ),
            (
                r#"{"password":"a\"b","x":1}"#,
                r#"{"password":"***","x":1}"#,
            ),
            (
                r#"{"password": 12, "x": 1}"#,
                r#"{"password": ***, "x": 1}"#,
            ),
            (
                r#"{"password": ["a", {"b": "]"}], "x": 1}"#,
                r#"{"password": ***, "x": 1}"#,
            ),
            (
                "{'password': 'it\\'s', 'x': 1}",
                "{'password': '***', 'x': 1}",
            ),
            ("password: a b", "password: ***"),
            ("+  - password: 'it''s'", "+  - password: '***'"),
            ("PASSWORD=a b", "PASSWORD=*** b"),
            ("password = a b", "password = ***"),
            ("--api-key=a b", "--api-key=*** b"),
            ("db.password=a", "db.password=***"),
            ("os[\"password\"] = \"a\"", "os[\"password\"] = \"***\""),
            ("'password' => 'a'", "'password' => '***'"),
            (
                r#""msg": "password: a", "x": 1"#,
                r#""msg": "password: ***", "x": 1"#,
            ),
            (
                r#""msg": "b\npassword: a\nc", "x""#,
                r#""msg": "b\npassword: ***\nc", "x""#,
            ),
            (
                r#""a": "{\"password\": \"b\"}""#,
                r#""a": "{\"password\": \"***\"}""#,
            ),
            (
                "\x1b[0;32mpassword: a\x1b[0m",
                "\x1b[0;32mpassword: ***\x1b[0m",
            ),
            ("x \x1b[0;32mpassword: a", "x \x1b[0;32mpassword: ***"),
            ("echo 'a\\npassword=b c'", "echo 'a\\npassword=*** c'"),
        ] {
            assert_eq!(hidden(shown), expected, "{shown}");
            assert_eq!(hidden(expected), expected, "{shown}");
        }
    }

    #[test]
    fn values_of_several_lines_are_hidden() {
        let shown = "a: 1\n  password: |-\n    b\n\n    c\n  d: 2\n";
        assert_eq!(
            hidden(shown),
            "a: 1\n  password: |-\n    ***\n\n    ***\n  d: 2\n"
        );
        let shown = "password:\n- a\n- b: c\nd: 2\n";
        assert_eq!(hidden(shown), "password:\n***\n***\nd: 2\n");
        let shown = "{\n  \"password\": {\n    \"a\": \"}\"\n  },\n  \"d\": 2\n}\n";
        assert_eq!(
            hidden(shown),
            "{\n  \"password\": ***\n    ***\n  ***,\n  \"d\": 2\n}\n"
        );
        assert_eq!(hidden("password: a\n  b\nc\n"), "password: ***\n  ***\nc\n");
    }

    #[test]
    fn everything_else_stays() {
        for shown in [
            "passwords: a",
            "the password was changed",
            "https://host:80/?a=b",
            "{\"a\": \"password\"}",
            "TASK [set password] ****",
            "don't: it's",
        ] {
            assert_eq!(hidden(shown), shown);
        }
    }
}
