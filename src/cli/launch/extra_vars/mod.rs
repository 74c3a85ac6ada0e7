//! The forms of `-e`: `key=value`, JSON or YAML, `@file`. They are parsed as Ansible parses them, but on this machine:
//! the collector receives names and values.

mod pairs;
mod yaml;

use std::fs;

use anyhow::{Context as _, bail};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::super::Wrong;

/// First bytes of files encrypted by `ansible-vault`.
const VAULTED: &str = "$ANSIBLE_VAULT;";

/// Parses every `-e`; if a name is set twice, the last value counts.
pub(super) fn read(said: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut vars = Map::new();
    for text in said {
        vars.extend(one(text)?);
    }
    Ok(vars)
}

fn one(text: &str) -> anyhow::Result<Map<String, Value>> {
    // Errors do not repeat the text, which may be secret and end up in a log.
    let wrong = |problem: String| Wrong(format!("--extra-vars: {problem}"));
    match text.chars().next() {
        None => Ok(Map::new()),
        Some('@') => file(&text[1..]),
        Some('/' | '.') => Err(wrong(format!(
            "write \"@{text}\" to read the variables from that file"
        ))
        .into()),
        Some('{' | '[') => Ok(yaml::mapping(text).map_err(wrong)?),
        Some(_) => Ok(pairs::read(text).map_err(wrong)?),
    }
}

fn file(name: &str) -> anyhow::Result<Map<String, Value>> {
    let text =
        fs::read_to_string(name).with_context(|| format!("the file {name:?} cannot be read"))?;
    let text = Zeroizing::new(text);
    if text.starts_with(VAULTED) {
        bail!(
            "the file {name:?} is encrypted, and the collector has no password for it: give its content with \
             -e @<(ansible-vault view {name})"
        );
    }
    match yaml::mapping(&text) {
        Ok(vars) => Ok(vars),
        Err(problem) => bail!("the file {name:?}: {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(said: &[&str]) -> anyhow::Result<Value> {
        let said: Vec<String> = said.iter().map(|text| (*text).to_owned()).collect();
        read(&said).map(Value::Object)
    }

    #[test]
    fn each_form_is_read_and_the_last_word_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vars.yml");
        std::fs::write(&path, "---\na: from the file\nlist: [1, yes]\n").unwrap();
        let file = format!("@{}", path.display());
        let said = ["a=1 b=2", "{\"b\": 3}", "{c: on}", "", &file];
        assert_eq!(
            all(&said).unwrap(),
            json!({ "a": "from the file", "b": 3, "c": true, "list": [1, true] })
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_and_not_repeated() {
        for (text, tells) in [
            ("hunter2", "key=value"),
            ("[hunter2]", "names"),
            ("{hunter2: \"", "line 1"),
            ("a=\"hunter2", "quote"),
            ("/etc/vars", "@/etc/vars"),
        ] {
            let error = all(&[text]).unwrap_err();
            assert!(error.is::<Wrong>(), "{error}");
            let told = error.to_string();
            assert!(told.contains(tells) && !told.contains("hunter2"), "{told}");
        }
        let told = all(&["@/nonexistent"]).unwrap_err().to_string();
        assert!(told.contains("/nonexistent"), "{told}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vars.yml");
        std::fs::write(&path, "$ANSIBLE_VAULT;1.1;AES256\n6162\n").unwrap();
        let told = all(&[&format!("@{}", path.display())]).unwrap_err();
        assert!(told.to_string().contains("ansible-vault view"), "{told}");
    }
}
