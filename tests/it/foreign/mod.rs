//! Imports of what other tools recorded. Real runs stand in `recorded/`: each was recorded by Playback's own recorder
//! at the same time, and an import is compared with that. `scripts/foreign-runs` makes them anew.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod ara;
mod broken;
mod callbacks;
mod compared;
mod mine;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Collector, PLAYBACK};

pub(crate) use ara::the_records_are_those_of_the_recorder;

/// Where real runs are: `make imports` names another folder.
fn recorded() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "how make tells the tests")]
    let made = std::env::var("PLAYBACK_TEST_FOREIGN");
    match made {
        Ok(folder) => PathBuf::from(folder),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/foreign/recorded"),
    }
}

/// The names of recorded files that begin and end like this.
fn named(begin: &str, end: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(recorded())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(begin) && name.ends_with(end))
        .collect();
    names.sort();
    assert!(
        !names.is_empty(),
        "{begin}…{end} in {}",
        recorded().display()
    );
    names
}

/// Expands a recorded file into a folder; returns where it is.
fn expanded(name: &str, folder: &TempDir) -> PathBuf {
    let file = fs::File::open(recorded().join(name)).unwrap();
    let path = folder.path().join(name.trim_end_matches(".zst"));
    fs::write(&path, ::zstd::decode_all(file).unwrap()).unwrap();
    path
}

/// Runs `playback import`.
fn import(collector: &Collector, arguments: &[&str]) -> Output {
    Command::new(PLAYBACK)
        .arg("import")
        .args(arguments)
        .env_clear()
        .env("HOME", collector.folder())
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .env("TZ", "UTC")
        .output()
        .unwrap()
}

/// The summary of an import, with its exit code.
#[track_caller]
fn summary(collector: &Collector, code: i32, arguments: &[&str]) -> Value {
    let ran = import(collector, &[arguments, &["--json"]].concat());
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(code), "{complaint}{ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Imported, there already, refused.
fn counts(summary: &Value) -> (u64, u64, u64) {
    let count = |name: &str| summary[name].as_u64().unwrap();
    (count("imported"), count("present"), count("refused"))
}

/// Why each run was not sent.
fn reasons(summary: &Value) -> Vec<&str> {
    let runs = summary["not_sent"].as_array().unwrap();
    runs.iter()
        .map(|run| run["why"].as_str().unwrap())
        .collect()
}
