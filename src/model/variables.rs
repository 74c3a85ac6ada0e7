//! Variables whose values may be secret.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroize;
use secrecy::{CloneableSecret, SecretBox};
use serde::Deserialize;
use serde_json::Value;

/// Variables for a run. Their texts are wiped when they are dropped, and `Debug` shows none.
pub type SecretVariables = SecretBox<Variables>;

/// Names and values.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub BTreeMap<String, Value>);

impl CloneableSecret for Variables {}

impl Zeroize for Variables {
    fn zeroize(&mut self) {
        self.0.values_mut().for_each(wipe_value);
        self.0.clear();
    }
}

/// Wipes the texts in a value; the names of members stay.
pub fn wipe_value(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe_value),
        Value::Object(members) => members.values_mut().for_each(wipe_value),
        Value::Null | Value::Bool(_) => {}
        // It may be a PIN.
        Value::Number(_) => *value = Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_wiped_at_any_depth_and_never_shown() {
        let given = json!({ "a": "hunter2", "b": [{ "c": "hunter2" }, 2] });
        let variables: SecretVariables = serde_json::from_value(given.clone()).unwrap();
        assert_eq!(json!(variables.expose_secret().0), given);
        assert!(!format!("{variables:?}").contains("hunter2"));
        let mut value = given;
        wipe_value(&mut value);
        assert_eq!(value, json!({ "a": "", "b": [{ "c": "" }, null] }));
    }
}
