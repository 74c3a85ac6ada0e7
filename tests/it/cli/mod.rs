//! The command line: each command is a separate process that uses a running collector.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod audit;
mod columns;
mod complete;
mod delete;
mod diff;
mod errors;
mod export;
mod follow;
mod history;
mod hosts;
mod launch;
mod listen;
mod local;
mod login;
mod notify;
mod open;
mod own;
mod playbooks;
mod projects;
mod prune;
mod query;
mod redact;
mod reports;
mod results;
mod schedule;
mod search;
mod stats;
mod tables;
mod tls;
mod trends;
mod watch;
mod why;

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{Collector, PLAYBACK};

/// How a command ended, and what it said.
#[derive(Debug)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// The answer of a command that must go well and be silent beside it.
    #[track_caller]
    fn ok(&self) -> &str {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        &self.stdout
    }

    /// The answer as JSON.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// What a command that must fail complained of; it answered nothing.
    #[track_caller]
    fn complaint(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        assert!(!self.stderr.is_empty());
        &self.stderr
    }

    /// The lines of the answer, each in its words.
    fn rows(&self) -> Vec<Vec<&str>> {
        let words = |line| str::split_whitespace(line).collect();
        self.stdout.lines().map(words).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A command as a person types it who has set the collector's URL and a token.
fn command(collector: &Collector, arguments: &[&str]) -> Command {
    let mut command = Command::new(PLAYBACK);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", collector.folder())
        .env("TMPDIR", collector.folder())
        .env("TZ", "UTC")
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token);
    command
}

/// Runs a command to its end.
fn run(collector: &Collector, arguments: &[&str]) -> Ran {
    command(collector, arguments).output().unwrap().into()
}

/// Starts a command whose answer is read as it comes.
fn start(collector: &Collector, arguments: &[&str]) -> Child {
    command(collector, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
