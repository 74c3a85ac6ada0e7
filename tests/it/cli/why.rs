//! Why a run failed: `why` tells it once for all hosts; `show` shows the output of its programs, and the position of the
//! task.

use serde_json::{Value, json};

use super::run;
use crate::builders::{Run, TEN, good_run};
use crate::harness::Collector;

/// A task in a role that fails with this content.
fn failed(content: Value) -> Run {
    let task = json!({
        "task": 1, "play": 1, "name": "unpack", "action": "command", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 12,
    });
    let result = json!({
        "task": 1, "host": "web-01", "status": "failed", "content": content,
    });
    Run::new()
        .play("web")
        .event("task_started", task)
        .event("result", result)
        .recap(&[("web-01", [0, 0, 0, 1, 0])])
        .ended(2)
}

fn shown(run_: &Run) -> String {
    let collector = Collector::start();
    run_.deliver(&collector.client());
    run(&collector, &["show", &run_.id.to_string()])
        .ok()
        .to_owned()
}

#[test]
fn a_command_that_failed_is_shown_by_what_it_printed() {
    let stdout: String = (1..=30).map(|line| format!("step {line}\n")).collect();
    let page = shown(&failed(json!({
        "msg": "non-zero return code", "rc": 2, "cmd": ["tar", "xf", "a.tar"],
        "stderr": "tar: a.tar: Cannot open: No such file", "stdout": stdout,
    })));
    let expected = "\
failed: unpack on web-01
  rc: 2
  stderr: tar: a.tar: Cannot open: No such file
  stdout, the last 10 lines of it:
    step 21
";
    assert!(page.contains(expected), "{page}");
    assert!(
        page.contains("    step 30\n  at: /srv/roles/web/tasks/main.yml:12, role web\n"),
        "{page}"
    );
    assert!(!page.contains("non-zero return code"), "{page}");
}

#[test]
fn a_result_that_the_debugger_repeated_is_not_why_a_run_failed() {
    let collector = Collector::start();
    let result = |task: u32, status: &str, msg: &str| json!({ "task": task, "host": "web-01", "status": status, "content": { "msg": msg } });
    let run_ = Run::new()
        .play("web")
        .task("unpack")
        .event("result", result(1, "failed", "a mistake in the debugger"))
        .event("retracted", json!({ "host": "web-01" }))
        .event("result", result(1, "ok", ""))
        .task("install")
        .event("result", result(2, "failed", "no such package"))
        .recap(&[("web-01", [1, 0, 0, 1, 0])])
        .ended(2);
    run_.deliver(&collector.client());
    let id = run_.id.to_string();
    let page = run(&collector, &["show", &id]).ok().to_owned();
    assert!(page.contains("no such package"), "{page}");
    assert!(!page.contains("a mistake in the debugger"), "{page}");
    let table = run(&collector, &["show", &id, "--results"]).ok().to_owned();
    assert!(table.contains("failed (retracted)"), "{table}");
}

#[test]
fn a_module_that_failed_is_shown_by_its_message() {
    let page = shown(&failed(
        json!({ "msg": "no such package", "stderr": "E: no such package\n" }),
    ));
    assert!(
        page.contains("  msg: no such package\n  stderr: E: no such package\n"),
        "{page}"
    );
    let page = shown(&failed(
        json!({ "msg": "non-zero return code", "rc": 3, "stderr": "", "stdout": "" }),
    ));
    assert!(
        page.contains("  msg: non-zero return code\n  rc: 3\n"),
        "{page}"
    );
    let page = shown(&failed(json!({
        "msg": "MODULE FAILURE\nSee stdout/stderr for the exact error", "rc": 1,
        "module_stderr": "Traceback\nKeyError: 'x'\n", "module_stdout": "",
    })));
    assert!(
        page.contains("KeyError: 'x'") && !page.contains("See stdout/stderr"),
        "{page}"
    );
}

#[test]
fn of_a_loop_the_items_that_failed_are_shown() {
    let item = |name: &str, status: &str, msg: &str| {
        json!({
            "task": 1, "host": "web-01", "status": status, "content": { "item": name, "msg": msg },
        })
    };
    let task = json!({
        "task": 1, "play": 1, "name": "install", "action": "apt", "path": "site.yml", "line": 7,
    });
    let result = json!({
        "task": 1, "host": "web-01", "status": "failed", "items": 3,
        "content": { "msg": "One or more items failed" },
    });
    let page = shown(
        &Run::new()
            .play("web")
            .event("task_started", task)
            .event("item", item("nginx", "ok", "fine"))
            .event("item", item("postgres", "failed", "no such package"))
            .event("result", result)
            .recap(&[("web-01", [0, 0, 0, 1, 0])])
            .ended(2),
    );
    assert!(
        page.contains("  item: postgres\n  msg: no such package\n"),
        "{page}"
    );
    assert!(
        !page.contains("nginx") && page.contains("  at: site.yml:7\n"),
        "{page}"
    );
}

#[test]
fn a_host_that_was_not_reached_is_shown_with_the_reason() {
    let result = json!({
        "task": 1, "host": "web-01", "status": "unreachable",
        "content": { "msg": "Failed to connect to the host via ssh: Connection refused", "unreachable": true },
    });
    let page = shown(
        &Run::new()
            .play("web")
            .task("ping")
            .event("result", result)
            .recap(&[("web-01", [0, 0, 1, 0, 0])])
            .ended(4),
    );
    assert!(
        page.contains("unreachable: ping on web-01\n  msg: Failed to connect"),
        "{page}"
    );
}

/// A run that starts at this time and fails on these hosts.
fn failed_at(started_us: i64, commit: &str, hosts: u32) -> Run {
    let what = json!({
        "type": "playbook", "playbook": "site.yml", "user": "ann", "controller": "ctl",
        "git": { "commit": commit },
    });
    let task = json!({
        "task": 1, "play": 1, "name": "unpack", "action": "command", "role": "web",
        "path": "/srv/roles/web/tasks/main.yml", "line": 12,
    });
    let mut run = Run::starting(started_us, what)
        .play("web")
        .event("task_started", task);
    for number in 1..=hosts {
        let content = json!({
            "msg": "non-zero return code", "rc": 2,
            "stderr": format!("tar: /srv/{number}.tar: Cannot open: No such file"),
        });
        let result = json!({
            "task": 1, "host": format!("web-{number:02}"), "status": "failed", "content": content,
        });
        run = run.event("result", result);
    }
    run
}

#[test]
fn why_tells_an_error_once_with_its_hosts_and_its_past() {
    let collector = Collector::start();
    let client = collector.client();
    let hour = 3_600_000_000;
    let worked = failed_at(TEN, "aaaaaaaaaaaaaaaa", 0)
        .event(
            "result",
            json!({ "task": 1, "host": "web-01", "status": "ok" }),
        )
        .ended(0);
    let before = failed_at(TEN + hour, "bbbbbbbbbbbbbbbb", 1).ended(2);
    let last = failed_at(TEN + 2 * hour, "bbbbbbbbbbbbbbbb", 7).ended(2);
    for run in [&worked, &before, &last] {
        run.deliver(&client);
    }
    // The run that failed last is meant by itself.
    let told = run(&collector, &["why"]);
    let expected = format!(
        "\
site.yml
failed (task_failed), exit code 2
2026-01-20 12:00:00 UTC, 0.0s, by ann on ctl, {last}

7 of 7 hosts failed.

7 hosts: tar: /srv/1.tar: Cannot open: No such file
  hosts:    web-01, web-02, web-03, web-04, web-05 and 2 more
  task:     unpack (role web)
  at:       /srv/roles/web/tasks/main.yml:12
  rc:       2
  example:  web-01
  seen:     in 2 runs since 2026-01-20 11:00:00, before this one last on 2026-01-20 11:00:00
  worked:   last on 2026-01-20 10:00:00 on web-01 ({worked}); different since:
            git.commit: aaaaaaaaaaaa → bbbbbbbbbbbb

{url}/runs/{last}
",
        url = collector.url(),
        last = last.id,
        worked = worked.id,
    );
    assert_eq!(told.ok(), expected);
    let digits = &before.id.to_string();
    let told = run(&collector, &["why", digits]);
    assert!(
        told.ok().contains("\nweb-01: tar: /srv/1.tar: Cannot open"),
        "{told:?}"
    );
    assert!(
        told.ok()
            .contains("  seen:     in no earlier run whose errors are known; in 1 run since then"),
        "{told:?}"
    );
    let json = run(&collector, &["why", digits, "--json"]).json();
    assert_eq!(json["failures"][0]["hosts"], json!(["web-01"]));
    let told = run(&collector, &["why", &worked.id.to_string()]);
    assert!(
        told.ok()
            .contains("The run did not fail: its exit code was 0."),
        "{told:?}"
    );
}

#[test]
fn why_says_that_nothing_failed() {
    let collector = Collector::start();
    good_run().deliver(&collector.client());
    let told = run(&collector, &["why"]);
    assert!(told.complaint(1).contains("no run failed"), "{told:?}");
}
