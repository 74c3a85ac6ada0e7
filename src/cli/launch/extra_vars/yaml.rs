//! Parses a JSON or YAML mapping as JSON. Plain scalars have the meaning that they have for Ansible, which uses YAML
//! 1.1: `yes` is true, `0644` is octal, `<<` merges.

use saphyr::{Mapping, ScalarStyle, Tag, Yaml, YamlLoader};
use saphyr_parser::Parser;
use serde_json::{Map, Value, json};

/// Parses the mapping; an error describes the problem without repeating anything that may be secret.
pub(super) fn mapping(text: &str) -> Result<Map<String, Value>, String> {
    // Ansible tries JSON first, too.
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => document(text)?,
    };
    match value {
        Value::Object(vars) => Ok(vars),
        _ => Err("it must be names with values, and not one value or a list".to_owned()),
    }
}

fn document(text: &str) -> Result<Value, String> {
    let mut loader = YamlLoader::<Yaml<'_>>::default();
    // We resolve plain scalars ourselves.
    loader.early_parse(false);
    loader.allow_duplicate_keys(true);
    let parsed = Parser::new_from_str(text).load(&mut loader, true);
    if let Some(error) = parsed.err().as_ref().or(loader.error()) {
        let at = error.marker();
        return Err(format!(
            "it is neither JSON nor YAML: {} at line {} column {}",
            error.info(),
            at.line(),
            at.col() + 1
        ));
    }
    match &loader.into_documents()[..] {
        [document] => convert(document),
        [] => Ok(Value::Null),
        _ => Err("it has several documents".to_owned()),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value, String> {
    match node {
        Yaml::Representation(text, style, tag) => scalar(text, *style, tag.as_deref()),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(items) => object(items).map(Value::Object),
        Yaml::Tagged(tag, _) => Err(unknown(tag)),
        Yaml::Value(_) | Yaml::Alias(_) | Yaml::BadValue => Err("it is not understood".to_owned()),
    }
}

fn object(items: &Mapping<'_>) -> Result<Map<String, Value>, String> {
    let mut merged = Map::new();
    let mut own = Map::new();
    for (key, value) in items {
        if matches!(key, Yaml::Representation(text, ScalarStyle::Plain, None) if text == "<<") {
            merge(value, &mut merged)?;
            continue;
        }
        match convert(key)? {
            Value::String(key) => own.insert(key, convert(value)?),
            other => {
                return Err(format!(
                    "the key {other} is no text, and only texts can be sent as keys: quote it"
                ));
            }
        };
    }
    // A mapping's own keys win over merged ones.
    merged.extend(own);
    Ok(merged)
}

/// Merges the mappings that `<<` names; if several have a key, the first one wins.
fn merge(value: &Yaml<'_>, into: &mut Map<String, Value>) -> Result<(), String> {
    match value {
        Yaml::Mapping(items) => {
            for (key, value) in object(items)? {
                into.entry(key).or_insert(value);
            }
            Ok(())
        }
        Yaml::Sequence(items) => items.iter().try_for_each(|item| merge(item, into)),
        _ => Err("\"<<\" can only merge mappings".to_owned()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag {
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(text.into()),
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => Ok(text.into()),
            "int" | "float" | "bool" | "null" => plain(text),
            _ => Err(unknown(tag)),
        },
        // The form in which Ansible reads them back from JSON.
        Some(tag) => match tag.suffix.as_str() {
            "vault" | "vault-encrypted" => Ok(json!({ "__ansible_vault": text })),
            "unsafe" => Ok(json!({ "__ansible_unsafe": text })),
            _ => Err(unknown(tag)),
        },
    }
}

fn unknown(tag: &Tag) -> String {
    format!("it has the tag {tag}, which cannot be sent")
}

/// The value of a plain scalar in YAML 1.1. Timestamps stay strings: JSON has none.
fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => true.into(),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => false.into(),
        _ => match integer(text) {
            Some(number) => i64::try_from(number)
                .map(Value::from)
                .or_else(|_| u64::try_from(number).map(Value::from))
                .map_err(|_| "a number is too large: quote it".to_owned())?,
            None => float(text).map_or_else(|| text.into(), Value::from),
        },
    })
}

fn integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        [b'0'] | [b'1'..=b'9', ..] => (10, digits),
        _ => return None,
    };
    let number = if radix == 10 && digits.contains(':') {
        sexagesimal(digits)?
    } else {
        // The sign is already removed, and must not follow a prefix.
        let digits = digits.replace('_', "");
        digits
            .bytes()
            .all(|digit| digit.is_ascii_alphanumeric())
            .then(|| i128::from_str_radix(&digits, radix).ok())??
    };
    Some(if text.starts_with('-') {
        -number
    } else {
        number
    })
}

/// `1:30:00` is a base-60 number in YAML 1.1.
fn sexagesimal(digits: &str) -> Option<i128> {
    let mut parts = digits.split(':');
    let first = parts.next()?.replace('_', "").parse::<u64>().ok()?;
    parts.try_fold(i128::from(first), |sum, part| {
        let fits =
            (1..=2).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit());
        let part: i128 = fits.then(|| part.parse().ok())??;
        (part < 60).then(|| sum.checked_mul(60)?.checked_add(part))?
    })
}

/// A number with a point, and an exponent with its sign.
fn float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| exponent.starts_with(['-', '+']));
    (exponent_fits && mantissa.contains('.'))
        .then(|| text.replace('_', "").parse().ok())?
        .filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        mapping(text).map_or_else(Value::from, Value::Object)
    }

    #[test]
    fn words_mean_what_they_mean_to_ansible() {
        // Each was compared with Ansible's own result.
        let text = "a: yes\nb: 'yes'\nc: 0644\nd: 1_000\ne: 1:30\nf: 08\ng: 1.5\nh: 1e3\ni: 1.5e+3\nj: ~\nk:\n\
                    l: 0x1f\nm: -0b11\nn: .5\no: 1.2.3\np: +7\nq: .inf\nr: 2024-01-20\ns: !!str 5\nt: Off\nu: \"5\"\n\
                    v: 18446744073709551615\nw: 1:75\nx: .\n";
        assert_eq!(
            read(text),
            json!({ "a": true, "b": "yes", "c": 420, "d": 1000, "e": 90, "f": "08", "g": 1.5, "h": "1e3",
                    "i": 1500.0, "j": null, "k": null, "l": 31, "m": -3, "n": 0.5, "o": "1.2.3", "p": 7,
                    "q": ".inf", "r": "2024-01-20", "s": "5", "t": false, "u": "5",
                    "v": 18_446_744_073_709_551_615_u64, "w": "1:75", "x": "." })
        );
    }

    #[test]
    fn structures_come_through() {
        let text = "---\nbase: &base\n  a: 1\n  b: 2\nmore: &more {b: 3, c: 4}\n\
                    all:\n  <<: [*base, *more]\n  a: 5\ntext: |\n  two\n  lines\nagain: *base\nlist:\n- x: on\n- []\n";
        let vars = read(text);
        assert_eq!(vars["all"], json!({ "a": 5, "b": 2, "c": 4 }));
        assert_eq!(vars["text"], "two\nlines\n");
        assert_eq!(vars["again"], vars["base"]);
        assert_eq!(vars["list"], json!([{ "x": true }, []]));
        assert_eq!(
            read("{\"a\": {\"b\": [1, \"yes\"]}}"),
            json!({ "a": { "b": [1, "yes"] } })
        );
        assert_eq!(
            read("s: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\nu: !unsafe '{{ x }}'\n"),
            json!({ "s": { "__ansible_vault": "$ANSIBLE_VAULT;1.1;AES256\n61\n" },
                    "u": { "__ansible_unsafe": "{{ x }}" } })
        );
    }

    #[test]
    fn what_cannot_be_sent_is_told() {
        for (text, tells) in [
            ("", "names with values"),
            ("- a\n", "names with values"),
            ("a: 1\n---\nb: 2\n", "several documents"),
            ("a: [1\n", "line "),
            ("a: {8080: web}\n", "8080"),
            ("a: !custom b\n", "!custom"),
            ("a: !custom {b: c}\n", "!custom"),
            ("a: 99999999999999999999\n", "too large"),
            ("<<: 1\n", "merge"),
        ] {
            let told = read(text);
            assert!(
                told.as_str().is_some_and(|told| told.contains(tells)),
                "{text}: {told}"
            );
        }
    }
}
