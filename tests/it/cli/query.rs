//! Queries on the command line.

use super::run;
use crate::builders::{Run, good_run};
use crate::harness::Collector;

#[test]
fn a_query_is_what_follows_the_command() {
    let collector = Collector::start();
    let client = collector.client();
    let (good, failed) = (good_run(), Run::new().ended(2));
    good.deliver(&client);
    failed.deliver(&client);
    let listed = |arguments: &[&str]| {
        let all = [&["list", "--json"], arguments].concat();
        let list = run(&collector, &all).json();
        let entries = list["executions"].as_array().unwrap().iter();
        let mut ids: Vec<String> = entries
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort_unstable();
        ids
    };
    let (good, failed) = (good.id.to_string(), failed.id.to_string());
    let mut both = [good.clone(), failed.clone()];
    both.sort_unstable();
    assert_eq!(listed(&[]), both);
    assert_eq!(listed(&[""]), both);
    assert_eq!(listed(&["status:failed"]), [failed.as_str()]);
    assert_eq!(listed(&["status:failed", "OR", "status:success"]), both);
    assert_eq!(listed(&["status:failed OR (NOT status:failed)"]), both);
    assert_eq!(
        listed(&["--status", "success", "NOT", "status:failed"]),
        [good.as_str()]
    );
    assert_eq!(listed(&["--", "-status:failed"]), [good]);
    assert_eq!(listed(&["since:2h"]), [""; 0]);
    let stats = run(
        &collector,
        &[
            "stats",
            "--json",
            "--from",
            "2026-01-20",
            "--to",
            "2026-01-20",
            "status:failed,running",
        ],
    );
    assert_eq!(stats.json()["total"], 1, "{stats:?}");
}

#[test]
fn an_error_in_a_query_is_marked_and_ends_with_2() {
    let collector = Collector::start();
    for command in ["list", "stats"] {
        let ran = run(&collector, &[command, "host:x", "stauts:failed"]);
        let told = ran.complaint(2);
        for says in [
            "error: unknown field `stauts`: did you mean `status`? There are",
            "\n  host:x stauts:failed\n         ^^^^^^\n",
            &format!("\nUsage: playback {command} [OPTIONS] [QUERY]...\n"),
            "--help",
        ] {
            assert!(told.contains(says), "{told}");
        }
        let ran = run(&collector, &[command, "(status:failed"]);
        assert!(
            ran.complaint(2).contains("\n  (status:failed\n  ^\n"),
            "{ran:?}"
        );
        let ran = run(&collector, &[command, &"(".repeat(100_000)]);
        let told = ran.complaint(2);
        assert!(told.contains("4096 bytes") && told.len() < 1_000, "{told}");
    }
}
