//! Extra variables as YAML in which Ansible evaluates nothing: each text that could be a template is marked `!unsafe`.
//! JSON has no such mark.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A longer key gets an explicit mark (`? `); YAML's own limit is well above.
const LONG_KEY: usize = 500;

/// The variables as one document. It can never be read as JSON, where Ansible gives some keys a special meaning.
pub(super) fn to_yaml(variables: &BTreeMap<String, Value>) -> String {
    let mut out = "---\n{".to_owned();
    for (at, (name, value)) in variables.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        key(&mut out, name);
        write(&mut out, value);
    }
    out.push_str("}\n");
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&float(&number.to_string())),
        Value::String(text) => string(out, text),
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write(out, value);
            }
            out.push(']');
        }
        Value::Object(members) => {
            match marked(members) {
                Some(("__ansible_vault", text)) if text.starts_with("$ANSIBLE_VAULT;") => {
                    out.push_str("!vault ");
                    return quote(out, text);
                }
                Some(("__ansible_unsafe", text)) => return string(out, text),
                _ => {}
            }
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                key(out, name);
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn string(out: &mut String, text: &str) {
    if !is_plain(text) {
        out.push_str("!unsafe ");
    }
    quote(out, text);
}

/// The special keys with which Ansible marks a JSON text as encrypted or unsafe. There is none for both: only the
/// decrypted text of an encrypted value may still be a template.
fn marked(members: &Map<String, Value>) -> Option<(&str, &str)> {
    let (name, value) = members.iter().next().filter(|_| members.len() == 1)?;
    Some((name, value.as_str()?))
}

/// Whether a text cannot be a template, whatever the template markers are. Since 2.19 Ansible ignores the quotes of
/// marked texts, and would read `no` and `0644` as other types; all such words count as plain.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.:_~=< \t".contains(c);
    text.chars().all(plain)
}

fn key(out: &mut String, name: &str) {
    if name.len() > LONG_KEY {
        out.push_str("? ");
    }
    quote(out, name);
    out.push_str(": ");
}

/// YAML 1.1 reads `1e300` as a text: a point and a sign make it a number.
fn float(number: &str) -> String {
    let Some((digits, exponent)) = number.split_once(['e', 'E']) else {
        return number.to_owned();
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) {
        ""
    } else {
        "+"
    };
    format!("{digits}{point}e{sign}{exponent}")
}

/// Writes a double-quoted string; characters that YAML cannot print or takes for a line end are escaped.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_looks_like_a_template_is_marked_and_everything_else_keeps_its_type() {
        let value = json!({
            "a": ["{{ x }}", 1, -2.5, 1e300, true, null, { "{{ k }}": "%\"\\\n\u{85}\u{2028}é" }],
            "b": {},
        });
        let variables = serde_json::from_value(value).unwrap();
        assert_eq!(
            to_yaml(&variables),
            "---\n{\"a\": [!unsafe \"{{ x }}\", 1, -2.5, 1.0e+300, true, null, {\"{{ k }}\": !unsafe \
             \"%\\\"\\\\\\n\\u0085\\u2028é\"}], \"b\": {}}\n"
        );
    }

    #[test]
    fn a_text_that_looks_like_something_else_stays_a_text() {
        for text in [
            "no",
            "0644",
            "1e3",
            "",
            "~",
            "2026-01-20 10:00:00",
            "<<",
            "1:30",
            "=",
            ".inf",
        ] {
            let variables = BTreeMap::from([("a".to_owned(), json!(text))]);
            assert_eq!(to_yaml(&variables), format!("---\n{{\"a\": \"{text}\"}}\n"));
        }
    }

    #[test]
    fn encrypted_and_unsafe_values_are_said_to_be() {
        let value = json!({
            "s": { "__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61\n" },
            "t": { "__ansible_vault": "{{ x }}" },
            "u": { "__ansible_unsafe": "no" }, "v": { "__ansible_unsafe": "{{ x }}" },
        });
        let variables = serde_json::from_value(value).unwrap();
        assert_eq!(
            to_yaml(&variables),
            "---\n{\"s\": !vault \"$ANSIBLE_VAULT;1.1;AES256\\n61\\n\", \"t\": {\"__ansible_vault\": !unsafe \
             \"{{ x }}\"}, \"u\": \"no\", \"v\": !unsafe \"{{ x }}\"}\n"
        );
    }

    #[test]
    fn a_long_key_is_marked() {
        let name = "k".repeat(2000);
        let variables = BTreeMap::from([(name.clone(), json!(1))]);
        assert_eq!(to_yaml(&variables), format!("---\n{{? \"{name}\": 1}}\n"));
    }
}
