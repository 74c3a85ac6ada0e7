//! `completions`: a real shell completes what only the collector knows.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use playback::clock::Clock;
use serde_json::json;

use super::{Ran, run};
use crate::builders::Run;
use crate::harness::{Collector, PLAYBACK};
use crate::launch::Site;

/// Completes the last word as bash does, and prints what it would offer, one a line.
const ASKS: &str = "\
source \"$1\"; shift
COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))
_playback \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
for one in \"${COMPREPLY[@]}\"; do printf '%s\\n' \"$one\"; done";

/// A person's bash, with the script loaded.
struct Bash {
    script: PathBuf,
    url: String,
    token: String,
}

impl Bash {
    fn new(collector: &Collector) -> Self {
        let script = collector.folder().join("completions.bash");
        std::fs::write(&script, run(collector, &["completions", "bash"]).ok()).unwrap();
        Self {
            script,
            url: collector.url(),
            token: collector.token.clone(),
        }
    }

    /// What is offered for the last word. Nothing is ever printed into the prompt.
    #[track_caller]
    fn offers(&self, words: &[&str]) -> Vec<String> {
        let output = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", ASKS, "bash"])
            .arg(&self.script)
            .arg(PLAYBACK)
            .args(words)
            .env_clear()
            .env("HOME", self.script.parent().unwrap())
            .env("PLAYBACK_URL", &self.url)
            .env("PLAYBACK_TOKEN", &self.token)
            .output()
            .unwrap();
        let ran = Ran::from(output);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{words:?}");
        ran.stdout.lines().map(str::to_owned).collect()
    }
}

/// A run of today, on two hosts.
fn today(labels: &[&str]) -> Run {
    let started = json!({
        "type": "playbook", "playbook": "site.yml", "inventory": "/srv/prod/hosts", "user": "ann", "labels": labels,
    });
    Run::starting(Clock::system().now_us(), started)
        .play("web")
        .task("install")
        .ok("web-01")
        .ok("web-02")
        .ok("db-01")
        .ok("we\u{1b}[2J")
        .ended(0)
}

#[test]
fn bash_completes_what_the_collector_knows() {
    let collector = Collector::start();
    let client = collector.client();
    let runs = [today(&["team:db", "team:web", "a b"]), today(&[])];
    for run in &runs {
        run.deliver(&client);
    }
    let bash = Bash::new(&collector);
    let id = runs[0].id.to_string();
    let mut ends: Vec<String> = runs
        .iter()
        .map(|run| run.id.to_string()[30..].to_owned())
        .collect();
    ends.sort_unstable();
    for command in ["show", "why", "follow", "pin", "delete"] {
        let mut offered = bash.offers(&[command, ""]);
        offered.sort_unstable();
        assert_eq!(offered, ends, "{command}");
    }
    assert!(
        bash.offers(&["show", &id[30..33]])
            .contains(&id[30..].to_owned())
    );
    assert!(bash.offers(&["show", &id[..20]]).contains(&id));
    let sorted = |words: &[&str]| {
        let mut offered = bash.offers(words);
        offered.sort_unstable();
        offered
    };
    for (words, expected) in [
        // A name with control characters is not offered.
        (&["list", "--host", "we"][..], &["web-01", "web-02"][..]),
        (&["list", "--host", "=", "web-01"], &["web-01"]),
        (&["show", "latest", "--host", "d"], &["db-01"]),
        (&["list", "--playbook", "s"], &["site.yml"]),
        (&["stats", "--inventory", ""], &["/srv/prod/hosts"]),
        (&["inventories", "--user", "a"], &["ann"]),
        // bash inserts what follows the colon, and a blank is quoted.
        (&["watch", "--label", "team", ":", ""], &["db", "web"]),
        (&["watch", "--label", "a"], &["a\\ b"]),
        (&["list", "--host", "nothing"], &[]),
        // A query: names of fields, their words, and what the collector knows, also in quotation marks.
        (&["list", "st"], &["status:"]),
        (&["search", "ta"], &["task:"]),
        (&["list", "status", ":", "failed,r"], &["failed,running"]),
        (&["list", "changed", ":", ""], &["no", "yes"]),
        (&["search", "host", ":", "web-01,d"], &["web-01,db-01"]),
        (
            &["list", "'changed:yes host:we"],
            &["changed:yes host:web-01", "changed:yes host:web-02"],
        ),
        (&["list", "since", ":", "7"], &[]),
        // Everything else is clap's.
        (&["list", "--inv"], &["--inventory"]),
        (&["list", "--status", "su"], &["success"]),
        (&["invent"], &["inventories"]),
    ] {
        assert_eq!(sorted(words), expected, "{words:?}");
    }
    // The collector that an option names is asked.
    let elsewhere = ["list", "--url", "http://127.0.0.1:1", "--host", "we"];
    assert!(bash.offers(&elsewhere).is_empty());
    let stranger = Bash {
        token: "nobodys".to_owned(),
        ..bash
    };
    assert!(stranger.offers(&["show", ""]).is_empty());
}

#[test]
fn bash_completes_what_can_be_run() {
    let site = Site::new();
    for name in ["deploy.yml", "web/site.yml"] {
        site.playbook(name, "- hosts: all\n");
    }
    let collector = site.start();
    let bash = Bash::new(&collector);
    assert_eq!(bash.offers(&["run", "de"]), ["deploy.yml"]);
    assert_eq!(bash.offers(&["run", "web/"]), ["web/site.yml"]);
    assert_eq!(bash.offers(&["run", "deploy.yml", "-i", ""]), ["prod"]);
}

#[test]
fn a_collector_that_is_away_or_slow_is_not_waited_for() {
    let mut collector = Collector::start();
    let mut bash = Bash::new(&collector);
    collector.stop();
    for words in [&["show", ""][..], &["list", "--host", "we"]] {
        assert!(bash.offers(words).is_empty(), "{words:?}");
    }
    // It takes the connection, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    bash.url = format!("http://{}", silent.local_addr().unwrap());
    let begun = tokio::time::Instant::now();
    assert!(bash.offers(&["show", ""]).is_empty());
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn the_scripts_are_correct_in_the_shells_that_are_installed() {
    let collector = Collector::start();
    for shell in ["bash", "zsh", "fish"] {
        let script = collector.folder().join(shell);
        std::fs::write(&script, run(&collector, &["completions", shell]).ok()).unwrap();
        // Without the shell there is nothing to check.
        let Ok(output) = Command::new(shell).arg("-n").arg(&script).output() else {
            continue;
        };
        let ran = Ran::from(output);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
    }
    // What is no value of the collector is left to the shell's own completion.
    let ran = run(&collector, &["__complete", "fish", "--", "list", "--ho"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (1, "", "")
    );
    let help = run(&collector, &["--help"]);
    assert!(!help.ok().contains("__complete"));
}
