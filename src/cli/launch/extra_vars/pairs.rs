//! `key=value key2="two words"`, split as Ansible splits it: at blanks and newlines outside of quotes and templates.
//! Every value is a string.

use serde_json::{Map, Value};

/// Parses the pairs; an error describes the problem without repeating any of them.
pub(super) fn read(text: &str) -> Result<Map<String, Value>, String> {
    let words = split(text).ok_or("a quote or a template is not closed")?;
    let mut vars = Map::new();
    for word in words {
        let word = unescape(&word);
        let (key, value) =
            pair(&word).ok_or("expected key=value, JSON, or @FILE with YAML or JSON")?;
        vars.insert(key.trim().to_owned(), unquote(value.trim()).into());
    }
    Ok(vars)
}

/// The words; none if a quote or template is left open.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut quote = None;
    let mut depths = [0_usize; 3];
    let mut letters = text.chars().peekable();
    let mut before = None;
    // Ansible counts template markers inside quotes too.
    while let Some(letter) = letters.next() {
        let inside = quote.is_some() || depths != [0; 3];
        if matches!(letter, ' ' | '\n') && !inside {
            // A lone backslash joins lines.
            if !word.is_empty() && word != "\\" {
                words.push(std::mem::take(&mut word));
            }
            word.clear();
            before = None;
            continue;
        }
        word.push(letter);
        if matches!(letter, '"' | '\'') && before != Some('\\') {
            quote = match quote {
                None => Some(letter),
                Some(open) if open == letter => None,
                open => open,
            };
        }
        before = Some(letter);
        for (depth, mark) in depths.iter_mut().zip(['{', '%', '#']) {
            let next = letters.peek().copied();
            let opens = letter == '{' && next == Some(mark);
            let end = if mark == '{' { '}' } else { mark };
            let closes = letter == end && next == Some('}');
            if opens {
                *depth += 1;
            } else if closes {
                *depth = depth.saturating_sub(1);
            } else {
                continue;
            }
            // The second letter of a marker cannot begin another.
            word.extend(letters.next());
            before = next;
            break;
        }
    }
    if !word.is_empty() && word != "\\" {
        words.push(word);
    }
    (quote.is_none() && depths == [0; 3]).then_some(words)
}

/// Splits at the first unescaped `=`; the part before it is not empty.
fn pair(word: &str) -> Option<(&str, &str)> {
    let (at, _) = word
        .match_indices('=')
        .find(|(at, _)| *at > 0 && !word[..*at].ends_with('\\'))?;
    Some((&word[..at], &word[at + 1..]))
}

/// A value without the quotes around it.
fn unquote(value: &str) -> &str {
    let quoted = |quote| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.ends_with('\\')).then_some(inner)
    };
    quoted('"').or_else(|| quoted('\'')).unwrap_or(value)
}

/// Replaces Python's escapes in the text, as Ansible does.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (letter, length) = escape(&rest[at + 1..]).unwrap_or(('\\', 0));
        out.push(letter);
        rest = &rest[at + 1 + length..];
    }
    out.push_str(rest);
    out
}

/// The character that an escape represents, and the length of the escape after the backslash.
fn escape(rest: &str) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let code = rest.get(1..=digits)?;
        let digit = |byte: u8| byte.is_ascii_hexdigit();
        let code = code.bytes().all(digit).then_some(code)?;
        let letter = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
        Some((letter, digits + 1))
    };
    let letter = match rest.chars().next()? {
        'U' => return hex(8),
        'u' => return hex(4),
        'x' => return hex(2),
        letter @ ('\\' | '\'' | '"') => letter,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        _ => return None,
    };
    Some((letter, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pairs_are_split_as_ansible_splits_them() {
        // Each was compared with Ansible's parse_kv.
        for (text, vars) in [
            ("a=1 b=two", json!({ "a": "1", "b": "two" })),
            (
                "a='one two'  b=\"it's\"",
                json!({ "a": "one two", "b": "it's" }),
            ),
            ("a=\"say \\\"hi\\\"\"", json!({ "a": "say \"hi\"" })),
            ("a= b=", json!({ "a": "", "b": "" })),
            (
                "url=http://h/?q=1&r=2",
                json!({ "url": "http://h/?q=1&r=2" }),
            ),
            (
                "a={{ b | default('x y') }} c=1",
                json!({ "a": "{{ b | default('x y') }}", "c": "1" }),
            ),
            (
                "a={% if b %}c{% endif %}",
                json!({ "a": "{% if b %}c{% endif %}" }),
            ),
            (
                "a=line\\nnext b=\\x41\\u00e4",
                json!({ "a": "line\nnext", "b": "Aä" }),
            ),
            ("a=1 \\\nb=2\nc=3", json!({ "a": "1", "b": "2", "c": "3" })),
            ("a=\"two\nlines\"", json!({ "a": "two\nlines" })),
            ("a=c:\\dir", json!({ "a": "c:\\dir" })),
            ("a='x", json!(null)),
            ("a={{ b", json!(null)),
            ("a", json!(null)),
            ("a=1 b", json!(null)),
            ("=1", json!(null)),
        ] {
            let read = read(text).map_or(Value::Null, Value::Object);
            assert_eq!(read, vars, "{text}");
        }
    }
}
