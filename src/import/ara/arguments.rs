//! The options that Ansible was started with, as ARA records them.

use serde::Deserialize;
use serde_json::Value;

/// The options that Ansible was started with, as far as they are needed. ARA can be told to leave some out, and then puts
/// a text in their place.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Arguments {
    #[serde(deserialize_with = "or_default")]
    pub(super) args: Several,
    #[serde(deserialize_with = "or_default")]
    pub(super) inventory: Several,
    #[serde(deserialize_with = "or_default")]
    pub(super) subset: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tags: Several,
    #[serde(deserialize_with = "or_default")]
    pub(super) skip_tags: Several,
    #[serde(deserialize_with = "or_default")]
    pub(super) check: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) diff: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) forks: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub(super) verbosity: u32,
    pub(super) extra_vars: Value,
}

impl Arguments {
    /// How many playbooks one command ran: ARA's counts are those of all of them together.
    pub(super) fn playbooks(&self) -> usize {
        self.args.texts().len()
    }
}

/// One text, or several.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Several {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Several {
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::One(text) if text.starts_with("Not saved by ARA") => Vec::new(),
            Self::One(text) => vec![text.clone()],
            Self::Many(texts) => texts.clone(),
        }
    }
}

/// A value of another kind than expected counts as missing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Names of extra variables; never their values.
pub(super) fn variable_names(given: &Value) -> Vec<String> {
    let mut names = Vec::new();
    match given {
        Value::Object(fields) => names.extend(fields.keys().cloned()),
        Value::Array(texts) => {
            for text in texts.iter().filter_map(Value::as_str) {
                match serde_json::from_str::<serde_json::Map<String, Value>>(text) {
                    Ok(fields) => names.extend(fields.into_iter().map(|(name, _)| name)),
                    // Of several pairs, quotes decide where the next begins, so only the first name is safe to show.
                    Err(_) => names.extend(first_name(text)),
                }
            }
        }
        _ => {}
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The name in `name=value`.
fn first_name(text: &str) -> Option<String> {
    let (name, _) = text.trim_start().split_once('=')?;
    let is_name = name
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    (is_name && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_read_whatever_ara_left_out() {
        let arguments: Arguments = serde_json::from_value(json!({
            "args": ["a.yml", "b.yml"], "inventory": "hosts", "tags": ["all"], "forks": "many", "verbosity": 2,
            "subset": null, "extra_vars": "Not saved by ARA as configured by 'ignored_arguments'",
        }))
        .unwrap();
        assert_eq!(arguments.playbooks(), 2);
        assert_eq!(arguments.inventory.texts(), ["hosts"]);
        assert_eq!((arguments.forks, arguments.verbosity), (None, 2));
        let ignored: Arguments = serde_json::from_value(
            json!({ "args": "Not saved by ARA as configured by 'ignored_arguments'" }),
        )
        .unwrap();
        assert_eq!(ignored.args.texts(), Vec::<String>::new());
    }

    #[test]
    fn of_extra_variables_only_names_are_read() {
        for (given, names) in [
            (json!(["a=secret"]), vec!["a"]),
            (json!(["b=1 c='x y=secret'", "@vars.yml"]), vec!["b"]),
            (json!(["{\"d\": \"secret\", \"e\": 1}"]), vec!["d", "e"]),
            (json!({ "f": "secret" }), vec!["f"]),
            (json!("Not saved by ARA"), vec![]),
            (json!(["just text = x", "=x"]), vec![]),
        ] {
            assert_eq!(variable_names(&given), names, "{given}");
        }
    }
}
