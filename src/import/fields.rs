//! JSON objects whose values are not read: they are passed on as they are.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of an object, in order.
#[derive(Debug, Default)]
pub(super) struct Fields<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The value of a field, as JSON.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let mut fields = self.0.iter();
        let (_, value) = fields.find(|(field, _)| field == name)?;
        Some(value.get())
    }

    /// The value of a field, if it can be read as that type.
    pub(super) fn read<T: Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// Whether a field is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// JSON without the spaces between its parts, and how deeply it is nested.
pub(super) fn compact(json: &str) -> (String, usize) {
    let mut text = Vec::with_capacity(json.len());
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        text.push(byte);
    }
    // Only whole ASCII characters were removed.
    (String::from_utf8(text).unwrap_or_default(), deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_go_except_in_texts() {
        for (json, expected, deepest) in [
            ("{ \"a b\" : [ 1 ,\n\t2 ] }", "{\"a b\":[1,2]}", 2),
            (r#" "a \" { b\\" "#, r#""a \" { b\\""#, 0),
            ("1.50000000000000000001", "1.50000000000000000001", 0),
            ("{\"größe\": [[]]}", "{\"größe\":[[]]}", 3),
        ] {
            assert_eq!(compact(json), (expected.to_owned(), deepest));
        }
    }

    #[test]
    fn fields_keep_their_order_and_text() {
        let fields: Fields<'_> =
            serde_json::from_str(r#"{"b": 1.10, "a": {"x": [true]}, "\u0063": null}"#).unwrap();
        let names: Vec<&str> = fields.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(fields.get("b"), Some("1.10"));
        assert_eq!(fields.get("a"), Some(r#"{"x": [true]}"#));
        assert!(serde_json::from_str::<Fields<'_>>("[1]").is_err());
    }
}
