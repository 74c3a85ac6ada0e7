//! `ansible.cfg` means the same to us as to Ansible: every value is compared with what Ansible's own code reads.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use playback::config::ansible::AnsibleConfig;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::ansible::environments;

/// Reads the options as Ansible does for a callback, in each of the folders. `None`: Ansible refuses the file.
const ASK: &str = r#"
import json, os, sys
from ansible.config.manager import ConfigManager

KINDS = {"url": "str", "token": "str", "redact_keys": "list", "redact_patterns": "str", "spool_dir": "path"}
DEFINED = {
    name: {"type": kind, "ini": [{"section": "callback_playback", "key": name}], "env": []}
    for name, kind in KINDS.items()
}


def read(folder):
    os.chdir(folder)
    try:
        config = ConfigManager(os.path.join(folder, "ansible.cfg"))
    except Exception:
        return None
    config.initialize_plugin_configuration_definitions("callback", "x", DEFINED)
    return {name: config.get_config_value(name, plugin_type="callback", plugin_name="x") for name in DEFINED}


print(json.dumps([read(folder) for folder in sys.argv[1:]]))
"#;

/// Files; those that do not begin with a section are the options of the recorder.
const FILES: &[&str] = &[
    // Where a value ends.
    "redact_patterns = pin;[0-9]+",
    "redact_patterns = password=[^;]+",
    "redact_patterns = one ; a comment\n    two;2\n    three\t; another\n    four;",
    "redact_patterns =\n    one\n\n    two\n    # a comment\n    three # none\n  ; a comment\n\n\n    four",
    "redact_patterns = one\n  two\n three\n# a comment\n  four\nurl = x\n  y",
    "redact_patterns = one\n\n\nurl = x",
    "redact_patterns = one\n\u{a0}two\u{a0}; a comment\n\u{1f}three\u{1f};x\n\u{b}four",
    "redact_patterns = one\r\n    two;2 ; x\r\nurl = x\r\n",
    "redact_patterns = a\u{2028}b\n  c\u{85};d\n  e\rf",
    "redact_keys = a;b, c ; d, e",
    "redact_keys = a,\n    b;c\n    d, 'e', \"f,g\", 'h\", ,",
    "redact_keys = ;a",
    "token = a;b\nspool_dir = /x;y/z ; a comment",
    "token = a # b",
    "token = #a",
    "token = ;a",
    "token = a; b ;c",
    // How an option is written.
    "token: a=b",
    "token=a:b",
    "TOKEN = a",
    "Token : a\n   b",
    "  token = a\n  url = b\n    c",
    "  token = a\nurl = b",
    "token = a\n  url = b",
    "token =\nurl =   \n",
    "token = a\n[other]\n  token = b",
    "token = a\n\n[other]\nurl = b\n[callback_playback2]\nurl = c",
    "token = %(url)s %% %(no)s %\nurl = b",
    "token = [a]\n [b]\n]",
    // Quotation marks.
    "token = \"a;b\"",
    "token = \"a ; b\"",
    "token = 'it\\'s'",
    "token = 'a\\'",
    "token = \"",
    "token = \"\"",
    "token = \"a'",
    "token = a\"b\"",
    "redact_patterns = \"a\n  b\"",
    // Sections.
    "[callback_playback] ; a comment\ntoken = a",
    "[callback_playback]token = b\nurl = c",
    "[callback_playback] ]\ntoken = a",
    "[Callback_playback]\ntoken = a",
    "  [callback_playback]\n  token = a",
    "[DEFAULT]\nurl = a\ntoken = b\n[callback_playback]\ntoken = c",
    "[DEFAULT]\nurl = a\n[other]\ntoken = b",
    "[DEFAULT]\nurl = a\n[DEFAULT]\ntoken = b\n[callback_playback]\nspool_dir = c",
    "[defaults]\nforks = 5",
    "",
    "# a comment\n\n; another\n[callback_playback]\ntoken = a",
    // What is refused.
    "token = a\ntoken = b",
    "token = a\nTOKEN = b",
    "[callback_playback]\ntoken = a\n[callback_playback]\nurl = b",
    "[DEFAULT]\nurl = a\n[DEFAULT]\nurl = b\n[callback_playback]\ntoken = c",
    "[]\ntoken = a",
    "token",
    "token = a\nword",
    "= a",
    "before = any\n[callback_playback]\ntoken = a",
    "\u{feff}[callback_playback]\ntoken = a",
    "\u{feff}# a comment\n[callback_playback]\ntoken = a",
    // Paths.
    "spool_dir = ~/a",
    "spool_dir = ~root/a",
    "spool_dir = ~no-such-user/a",
    "spool_dir = $KNOWN/a/${KNOWN}b/$UNKNOWN/${UNKNOWN}/$/${}/${a",
    "spool_dir = $EMPTY/a",
    "spool_dir = a/../b/./c/",
    "spool_dir = {{CWD}}/a",
    "spool_dir = \"a b\"",
    "spool_dir = '/a'",
    "spool_dir = ../../a",
];

fn variable(home: &Path) -> impl Fn(&str) -> Option<OsString> + Copy {
    move |name: &str| match name {
        "HOME" => Some(home.as_os_str().to_owned()),
        "KNOWN" => Some("/known".into()),
        "EMPTY" => Some("".into()),
        _ => None,
    }
}

/// What we read.
fn ours(folder: &Path, home: &Path) -> Value {
    let config = AnsibleConfig::read(folder, variable(home));
    let token = config.recorder_token();
    json!({
        "url": config.recorder("url"),
        "token": token.map(|token| token.expose_secret()),
        "redact_keys": config.redact_keys(),
        "redact_patterns": config.redact_patterns(),
        "spool_dir": config.recorder_path("spool_dir", variable(home)),
    })
}

/// What Ansible reads, as the recorder uses it: nothing is the same as an empty text, and white space around is not
/// part of an entry.
fn theirs(read: &Value) -> Value {
    let text = |key: &str| {
        read[key]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    let entries = |list: Vec<&str>| -> Vec<String> {
        let trimmed = list.into_iter().map(|entry| entry.trim().to_owned());
        trimmed.filter(|entry| !entry.is_empty()).collect()
    };
    let keys = read["redact_keys"].as_array().into_iter().flatten();
    json!({
        "url": text("url"),
        "token": text("token"),
        "redact_keys": entries(keys.filter_map(Value::as_str).collect()),
        "redact_patterns": entries(text("redact_patterns").unwrap_or_default().split('\n').collect()),
        "spool_dir": text("spool_dir"),
    })
}

#[test]
fn every_value_is_what_ansible_itself_reads() {
    let home = tempfile::tempdir().unwrap();
    let folders: Vec<_> = FILES.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    for (folder, text) in folders.iter().zip(FILES) {
        let has_section = text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with(['[', '#']);
        let is_whole = has_section || text.is_empty() || text.starts_with("before");
        let before = if is_whole {
            ""
        } else {
            "[callback_playback]\n"
        };
        fs::write(folder.path().join("ansible.cfg"), format!("{before}{text}")).unwrap();
    }
    for bin in environments() {
        let asked = Command::new(bin.join("python"))
            .args(["-c", ASK])
            .args(folders.iter().map(tempfile::TempDir::path))
            .env_clear()
            .env("HOME", home.path())
            .env("LANG", "C.UTF-8")
            .env("KNOWN", "/known")
            .env("EMPTY", "")
            .output()
            .unwrap();
        let read: Vec<Value> = serde_json::from_slice(&asked.stdout)
            .unwrap_or_else(|error| panic!("{error}: {asked:?}"));
        assert_eq!(read.len(), FILES.len());
        let refused = read.iter().filter(|read| read.is_null()).count();
        assert_eq!(refused, 12, "the refused files are those at their place");
        for ((folder, text), read) in folders.iter().zip(FILES).zip(&read) {
            assert_eq!(
                ours(folder.path(), home.path()),
                theirs(read),
                "{text:?} with {}",
                bin.display()
            );
        }
    }
}
