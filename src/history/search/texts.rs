//! The texts in what a module returned: every string, with the path of its field.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Passes on each text with its field, as in `stderr` or `diff.0.after`, in the order of the content. Where content
/// stops being valid JSON, it ends early.
pub(super) fn each_text(content: &RawValue, mut each: impl FnMut(&str, &str)) {
    let mut json = serde_json::Deserializer::from_str(content.get());
    let walk = Walk {
        path: &mut String::new(),
        each: &mut each,
    };
    let _ = json.deserialize_any(walk);
}

struct Walk<'w, F> {
    path: &'w mut String,
    each: &'w mut F,
}

impl<F: FnMut(&str, &str)> Walk<'_, F> {
    /// Walks a value below this one.
    fn below(&mut self, name: &str) -> (Walk<'_, F>, usize) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        let walk = Walk {
            path: &mut *self.path,
            each: &mut *self.each,
        };
        (walk, length)
    }
}

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Walk<'_, F> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Walk<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.each)(self.path, text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let mut index = itoa::Buffer::new();
        let mut at = 0_u64;
        loop {
            let (walk, length) = self.below(index.format(at));
            let found = items.next_element_seed(walk)?;
            self.path.truncate(length);
            if found.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<std::borrow::Cow<'_, str>>()? {
            let (walk, length) = self.below(&name);
            fields.next_value_seed(walk)?;
            self.path.truncate(length);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_has_its_path() {
        let content = r#"{"msg":"a\nb","rc":1,"diff":[{"after":"x"},{"before":null,"after":"y"}],"ok":true,"d":1.5,"e":{}}"#;
        let content: Box<RawValue> = serde_json::from_str(content).unwrap();
        let mut found = Vec::new();
        each_text(&content, |path, text| {
            found.push((path.to_owned(), text.to_owned()));
        });
        let expected = [
            ("msg", "a\nb"),
            ("diff.0.after", "x"),
            ("diff.1.after", "y"),
        ];
        assert_eq!(
            found,
            expected.map(|(path, text)| (path.to_owned(), text.to_owned()))
        );
    }
}
