//! Events as the API shows them: as sent, without internal fields.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::raw_value;

/// The fields of an object, in their order and as they were written.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        from.deserialize_map(Object)
    }
}

impl Fields<'_> {
    /// Writes them as JSON, with the values that `replace` replaces; fields that it removes are left out.
    fn write(&self, replace: impl Fn(&str, &RawValue) -> Option<String>) -> Option<String> {
        let mut text = String::from("{");
        for (name, value) in &self.0 {
            if let Some(value) = replace(name, value) {
                if text.len() > 1 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name).ok()?);
                text.push(':');
                text.push_str(&value);
            }
        }
        text.push('}');
        Some(text)
    }
}

/// Removes the name of the producer's sequence, which only the producer needs, from a first event.
pub(super) fn without_instance(line: &[u8]) -> Option<Box<RawValue>> {
    let event: Fields<'_> = serde_json::from_slice(line).ok()?;
    let text = event.write(|name, value| {
        if name != "data" {
            return Some(value.get().to_owned());
        }
        let data: Fields<'_> = serde_json::from_str(value.get()).ok()?;
        data.write(|name, value| (name != "instance").then(|| value.get().to_owned()))
    })?;
    raw_value(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_else_stays_as_it_was_written() {
        let line = br#"{"seq":1,"kind":"execution_started","at":5,"data":{"z":1.50,"instance":"x","a":{"instance":"in"}}}"#;
        let shown = without_instance(line).unwrap();
        assert_eq!(
            shown.get(),
            r#"{"seq":1,"kind":"execution_started","at":5,"data":{"z":1.50,"a":{"instance":"in"}}}"#
        );
    }
}
