//! Values of attributes.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};

/// The longest text of an attribute, in characters.
const LONGEST: usize = 1000;

/// Attributes of a span.
#[derive(Debug, Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    /// A text; an empty one is left out.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            let value = value.chars().take(LONGEST).collect();
            self.add(key, Value::StringValue(value));
        }
        self
    }

    /// A text that may be missing.
    pub(super) fn set_known(&mut self, key: &str, value: Option<&str>) -> &mut Self {
        self.text(key, value.unwrap_or_default())
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str, value: impl TryInto<i64>) -> &mut Self {
        let value = value.try_into().unwrap_or(i64::MAX);
        self.add(key, Value::IntValue(value))
    }

    /// Whether something is so.
    pub(super) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.add(key, Value::BoolValue(value))
    }

    /// Texts; an empty list is left out.
    pub(super) fn texts(&mut self, key: &str, values: &[String]) -> &mut Self {
        if values.is_empty() {
            return self;
        }
        let values = values.iter().map(|value| AnyValue {
            value: Some(Value::StringValue(value.chars().take(LONGEST).collect())),
        });
        let values = ArrayValue {
            values: values.collect(),
        };
        self.add(key, Value::ArrayValue(values))
    }

    fn add(&mut self, key: &str, value: Value) -> &mut Self {
        self.0.push(KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        });
        self
    }

    /// All of them.
    pub(super) fn finish(self) -> Vec<KeyValue> {
        self.0
    }
}
