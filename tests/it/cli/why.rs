//! `show` explains why a run failed: the output of its programs, and the position of the task.

use serde_json::{Value, json};

use super::run;
use crate::builders::Run;
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
