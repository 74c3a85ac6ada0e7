//! The database file: who uses it, whether it still exists, who may read it, and the messages if it cannot be opened.

mod gone;
mod lock;
mod modes;
mod words;

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::PLAYBACK;

/// Runs a command in a folder, with nothing in its environment.
fn playback(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PLAYBACK)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

/// What a command complained of, which must fail.
#[track_caller]
fn complaint(folder: &Path, arguments: &[&str]) -> String {
    let done = playback(folder, arguments);
    assert_eq!(done.status.code(), Some(1), "{arguments:?}: {done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!said.contains("code:"), "no bare number: {said}");
    said
}
