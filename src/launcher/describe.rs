//! Reads a file to find out whether it is a playbook, and its first play's name.

use std::fs;
use std::path::Path;

use saphyr::{LoadableYamlNode as _, Yaml};

/// Larger files are no playbooks, and are not read.
const MAX_BYTES: u64 = 1 << 20;

/// None: not a playbook. Otherwise the name of its first play, if it has one.
pub(super) fn playbook(path: &Path) -> Option<Option<String>> {
    let size = fs::metadata(path).ok()?.len();
    if size > MAX_BYTES {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    described(&text)
}

fn described(text: &str) -> Option<Option<String>> {
    let documents = Yaml::load_from_str(text).ok()?;
    let plays = documents.first()?.as_sequence()?;
    let has = |play: &Yaml<'_>, key: &str| play.as_mapping_get(key).is_some();
    let is_play = plays.iter().any(|play| {
        has(play, "hosts")
            || has(play, "import_playbook")
            || has(play, "ansible.builtin.import_playbook")
    });
    is_play.then(|| {
        plays
            .first()
            .and_then(|play| play.as_mapping_get("name"))
            .and_then(|name| name.as_str())
            .map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playbooks_are_told_from_other_files() {
        let text = "- name: Deploy\n  hosts: all\n  vars:\n    x: !vault |\n      $ANSIBLE_VAULT\n";
        assert_eq!(described(text), Some(Some("Deploy".into())));
        assert_eq!(described("- hosts: all"), Some(None));
        assert_eq!(described("- import_playbook: a.yml"), Some(None));
        assert_eq!(described("- name: a task\n  debug:"), None);
        assert_eq!(described("a: 1"), None);
        assert_eq!(described("]"), None);
        assert_eq!(described(""), None);
    }
}
