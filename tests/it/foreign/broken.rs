//! Files that are cut, foreign, hostile or empty: each is refused with the reason, and nothing of it is imported.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::{counts, expanded, import, named, reasons, summary};
use crate::harness::Collector;

/// What `playback import` says of a file with this content.
fn told(collector: &Collector, name: &str, content: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let ran = import(collector, &[path.to_str().unwrap()]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let client = collector.client();
    let list = client.api("/executions").ok();
    assert_eq!(list["executions"], json!([]), "{name}");
    format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    )
    .split_whitespace()
    .collect::<Vec<_>>()
    .join(" ")
}

#[test]
fn a_file_that_is_nothing_known_is_named() {
    let collector = Collector::start();
    for (name, content, expected) in [
        ("empty", &b""[..], "is empty"),
        ("text", b"PLAY [web] ***\n", "nothing that can be imported"),
        ("zip", b"PK\x03\x04", "nothing that can be imported"),
        (
            "foreign.json",
            b"{\"a\": 1}",
            "not what the callback json prints",
        ),
        ("no.json", b"{\n\"plays\": [}", "no JSON"),
        ("empty.sqlite", b"SQLite format 3\0", "cannot be imported"),
        ("bytes.json", b"{\"plays\": \"\xff\"}", "no text in UTF-8"),
    ] {
        let said = told(&collector, name, content);
        assert!(said.contains(expected), "{name}: {said}");
    }
    let folder = TempDir::new().unwrap();
    let ran = import(&collector, &[folder.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("no file in this folder"), "{said}");
    let ran = import(&collector, &["/nowhere"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("/nowhere cannot be read"), "{said}");
}

#[test]
fn json_that_is_cut_leaves_the_runs_before_it() {
    for callback in ["json", "jsonl"] {
        let name = named(&format!("{callback}-"), ".zst").remove(0);
        let folder = TempDir::new().unwrap();
        let path = expanded(&name, &folder);
        let whole = fs::read(&path).unwrap();
        // Cut in the middle of the second run.
        fs::write(&path, &whole[..whole.len() - 200]).unwrap();
        let collector = Collector::start();
        let answer = summary(&collector, 1, &[path.to_str().unwrap()]);
        assert_eq!(counts(&answer), (1, 0, 0), "{answer:#}");
        let said = reasons(&answer).join("\n");
        assert!(
            said.contains("it was cut, or the run is not over"),
            "{said}"
        );
        // Importing the whole file adds what is missing.
        fs::write(&path, &whole).unwrap();
        let answer = summary(&collector, 0, &[path.to_str().unwrap()]);
        assert_eq!(counts(&answer), (1, 1, 0), "{answer:#}");
    }
}

#[test]
fn warnings_around_json_are_passed_over() {
    let name = named("json-", ".zst").remove(0);
    let folder = TempDir::new().unwrap();
    let path = expanded(&name, &folder);
    let whole = fs::read_to_string(&path).unwrap();
    let noisy = format!("[WARNING]: a\n {{ not json }}\n{whole}\nmore text\n");
    fs::write(&path, noisy).unwrap();
    let collector = Collector::start();
    let answer = summary(&collector, 0, &[path.to_str().unwrap()]);
    assert_eq!(counts(&answer), (2, 0, 0), "{answer:#}");
}

#[test]
fn foreign_and_hostile_xml_is_refused() {
    let collector = Collector::start();
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY a \"lol\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;\">\n\
                <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n<testsuites><testsuite name=\"&c;\"/></testsuites>";
    let outside =
        "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><testsuites>&f;</testsuites>";
    let pytest = "<testsuites><testsuite name=\"pytest\"><testcase classname=\"a\" name=\"test_b\"/></testsuite></testsuites>";
    let good = "<testsuites><testsuite name=\"a\"><testcase name=\"[h] P: T\" time=\"1\"/></testsuite></testsuites>";
    for (name, content, expected) in [
        ("bomb-1795982871.7.xml", bomb, "DOCTYPE"),
        ("outside-1795982871.7.xml", outside, "DOCTYPE"),
        ("html.xml", "<html></html>", "not JUnit XML"),
        (
            "pytest-1795982871.7.xml",
            pytest,
            "not of Ansible's callback junit",
        ),
        ("cut-1795982871.7.xml", &good[..60], "cut"),
        ("renamed.xml", good, "its name, which was changed"),
        ("early--5.xml", good, "its name, which was changed"),
    ] {
        let said = told(&collector, name, content.as_bytes());
        assert!(said.contains(expected), "{name}: {said}");
    }
    // What Playback exports is imported from bundles alone.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("good-1795982871.7.xml");
    fs::write(&path, good).unwrap();
    let answer = summary(&collector, 0, &[path.to_str().unwrap()]);
    assert_eq!(counts(&answer), (1, 0, 0));
}

#[test]
fn a_reader_imports_nothing() {
    let collector = Collector::start();
    let reader = collector.create_token(&["read"]);
    let name = named("json-", ".zst").remove(0);
    let folder = TempDir::new().unwrap();
    let path = expanded(&name, &folder);
    let token = folder.path().join("token");
    fs::write(&token, reader).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let ran = import(
        &collector,
        &[
            path.to_str().unwrap(),
            "--token-file",
            token.to_str().unwrap(),
        ],
    );
    assert_eq!(ran.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("admin"), "{said}");
}
