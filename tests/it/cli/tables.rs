//! Tables fit the terminal, and colours only appear at a terminal.

use std::process::Command;

use serde_json::json;

use super::{command, run};
use crate::builders::{Run, TEN};
use crate::exec_terminal::Person;
use crate::harness::{Collector, Setup};

/// A history that is as wide as histories are.
fn wide(collector: &Collector) -> Run {
    let client = collector.client();
    let started = json!({
        "type": "playbook", "playbook": "environments/production/playbooks/site.yml", "check": true,
        "limit": "web-01.frankfurt.example.com:&production", "tags": ["deploy", "configuration"],
        "skip_tags": ["slow"], "inventory": "environments/production/inventory", "user": "automation-service", "controller": "ansible-control-01.example.com",
        "cwd": "/home/automation-service/checkouts/infrastructure", "launched_by": "token:somebody",
        "argv": ["ansible-playbook", "-i", "environments/production/inventory", "--check", "--limit",
            "web-01.frankfurt.example.com:&production", "environments/production/playbooks/site.yml"],
    });
    let host = |number: usize| format!("web-{number:02}.frankfurt.datacenter.example.com");
    let hosts: Vec<String> = (1..=5).map(host).collect();
    let counts = [
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [1234, 1, 0, 0, 12],
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ];
    let recap: Vec<_> = hosts.iter().map(String::as_str).zip(counts).collect();
    let message = "No space left on the device while the archive was being unpacked ".repeat(3);
    let failed = Run::starting(TEN, started)
        .play("web")
        .task("Unpack the archive of the application into its folder below /opt, and keep the old one")
        .result(&hosts[0], "failed", json!({ "content": { "msg": message } }))
        .unreachable(&hosts[1])
        .changed(&hosts[2])
        .output("one\n")
        .event("output", json!({ "text": format!("{message}needle {message}\n"), "of": 4 }))
        .recap(&recap)
        .ended(2);
    failed.deliver(&client);
    for module in ["ansible.builtin.service_facts", "setup"] {
        let started = json!({ "type": "adhoc", "module": module, "hosts": "all:!decommissioned" });
        Run::starting(TEN, started)
            .play("x")
            .ended(0)
            .deliver(&client);
    }
    failed
}

/// What a person sees at a terminal so wide.
fn seen(command: Command, columns: u16) -> String {
    Person::runs_at(command, columns).sees_all()
}

/// A line as it is seen: without colours.
fn bare(line: &str) -> String {
    let mut parts = line.trim_end_matches('\r').split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        line + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    // The run that goes on must not become a lost one meanwhile.
    let collector = Setup::default().config("silence_seconds = 600\n").start();
    let failed = wide(&collector);
    let started =
        json!({ "type": "playbook", "playbook": "environments/production/playbooks/long.yml" });
    let going = Run::starting(TEN, started).play("web").task("wait");
    going
        .host("web-01.frankfurt.datacenter.example.com")
        .deliver(&collector.client());
    run(&collector, &["pin", &failed.id.to_string()]).ok();
    let (id, database) = (failed.id.to_string(), collector.database());
    let day = ["--from", "2026-01-20", "--to", "2026-01-20"];
    let stats = |by: &'static str| [&["stats"], &day[..], &["--by", by]].concat();
    let plain = [&["stats"], &day[..]].concat();
    let playbooks = [&["playbooks"], &day[..]].concat();
    for columns in [80, 60, 120] {
        for arguments in [
            &["list"][..],
            &[
                "list",
                "--columns",
                "id,what,started,status,hosts,user,controller,labels",
            ],
            &["show", &id],
            &["show", &id, "--results"],
            &["show", &id, "--failed"],
            &["show", &id, "--task", "unpack"],
            &plain,
            &stats("playbook"),
            &stats("host"),
            &stats("task"),
            &playbooks,
            &["prune", "--keep-runs", "1", "--dry-run"],
            &["whoami"],
            &["trends", "--from", "2026-01-20", "--to", "2026-01-20"],
            &["search", "needle"],
            &["search", "space"],
            &[
                "search",
                "space",
                "--by",
                "playbook,host,task,module,status,day",
            ],
            &["why", &id],
            &["inventories", "--from", "2026-01-20", "--to", "2026-01-20"],
            &["list", "--running"],
            &["audit"],
            &["hosts"],
            &["host", "web-01.frankfurt.datacenter.example.com"],
            &["token", "list", "--database", &database],
        ] {
            let screen = seen(command(&collector, arguments), columns);
            assert!(screen.lines().count() > 1, "{arguments:?}: {screen}");
            for line in screen.lines() {
                let width = bare(line).chars().count();
                // Commands and addresses that can be copied stay whole.
                let is_copied = line.contains("playback show") || bare(line).starts_with("http");
                let fits = width <= usize::from(columns) || is_copied;
                assert!(fits, "{arguments:?} at {columns}: {line}");
            }
        }
    }
}

#[test]
fn a_found_line_is_cut_around_what_was_found_at_a_terminal_only() {
    let collector = Collector::start();
    wide(&collector);
    let screen = seen(command(&collector, &["search", "needle"]), 80);
    let found = screen
        .lines()
        .map(bare)
        .find(|line| line.contains("needle"));
    let found = found.unwrap();
    let (before, after) = found.split_once("needle").unwrap();
    assert!(
        before.starts_with("    …") && after.ends_with('…'),
        "{found}"
    );
    assert!(before.len().abs_diff(after.len()) < 8, "{found}");
    assert!(found.chars().count() > 72, "{found}");
    let whole = run(&collector, &["search", "needle"]);
    let line = whole
        .ok()
        .lines()
        .find(|line| line.contains("needle"))
        .unwrap();
    assert!(line.len() > 300 && !line.contains('…'), "{line}");
    let screen = seen(command(&collector, &["search", "needle", "--wide"]), 80);
    assert!(
        screen.lines().map(bare).any(|seen| seen == line),
        "{screen}"
    );
}

#[test]
fn a_narrow_list_says_what_matters() {
    let collector = Collector::start();
    wide(&collector);
    let screen = seen(command(&collector, &["list"]), 80);
    let rows: Vec<String> = screen.lines().map(bare).collect();
    let head: Vec<&str> = rows[0].split_whitespace().collect();
    assert_eq!(head, ["ID", "STATUS", "STARTED", "TOOK", "WHAT", "HOSTS"]);
    let row = rows
        .iter()
        .find(|row| row.contains("failed check"))
        .unwrap();
    assert!(row.contains("-C -l ") && row.contains("1 failed"), "{row}");
    let id = row.split_whitespace().next().unwrap();
    assert_eq!(id.len(), 6, "{row}");
    run(&collector, &["show", id]).ok();
    // With more room the tags are seen, however long the limit is.
    let wider = seen(command(&collector, &["list"]), 120);
    let row = wider.lines().find(|row| row.contains("failed check"));
    assert!(
        row.is_some_and(|row| row.contains(" -C -l ") && row.contains(" -t d")),
        "{wider}"
    );
    assert!(
        rows.iter().any(|row| row.contains("ad-hoc setup on ")),
        "{screen}"
    );
    // Elsewhere, and where it is requested, everything is there.
    let whole = "environments/production/playbooks/site.yml --check --limit \
                 web-01.frankfurt.example.com:&production --tags deploy,configuration --skip-tags slow";
    let listed = run(&collector, &["list"]);
    let told = "1 failed, 1 unreachable, 2 ok, 1 would change";
    assert!(
        listed.ok().contains(whole) && listed.ok().contains(told),
        "{listed:?}"
    );
    assert!(
        listed.ok().contains("failed (task_failed, check)"),
        "{listed:?}"
    );
    assert!(seen(command(&collector, &["list", "--wide"]), 80).contains(whole));
}

#[test]
fn each_host_counts_once_and_of_a_lost_run_none_is_said_to_be_well() {
    let collector = Setup::default().config("silence_seconds = 1\n").start();
    let client = collector.client();
    let five: Vec<(&str, [u64; 5])> = vec![
        ("a", [3, 0, 0, 0, 0]),
        ("b", [3, 0, 0, 0, 0]),
        ("c", [3, 0, 0, 0, 0]),
        ("d", [3, 0, 0, 0, 0]),
        ("e", [3, 1, 0, 0, 0]),
    ];
    Run::new()
        .play("all")
        .recap(&five)
        .ended(0)
        .deliver(&client);
    let listed = run(&collector, &["list"]);
    assert!(listed.ok().contains("  4 ok, 1 changed\n"), "{listed:?}");
    let mut lost = Run::new().play("all").task("ping");
    for (host, _) in &five {
        lost = lost.host(host);
    }
    let lost = lost.changed("e");
    lost.deliver(&client);
    let record = client.finished(lost.id);
    assert_eq!(record["reason"], "lost", "{record}");
    let listed = run(&collector, &["list", "--reason", "lost"]);
    let told = "  1 changed, 4 unfinished\n";
    assert!(listed.ok().contains(told), "{listed:?}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let collector = Collector::start();
    wide(&collector);
    assert!(seen(command(&collector, &["list"]), 80).contains("\x1b["));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let mut list = command(&collector, &["list"]);
        list.env(name, value);
        assert!(!seen(list, 80).contains('\x1b'), "{name}");
    }
    assert!(!run(&collector, &["list"]).ok().contains('\x1b'));
}
