//! Parts of a record that are only known after the event that they belong to.

use serde_json::{Value, json};

use crate::builders::Run;
use crate::harness::{Collector, PLAYBACK};

/// Checks a record, its results and its tasks: of events that came one by one, and of the same in one piece.
fn each_way(run: &Run, check: impl Fn(&Value, &[Value], &[Value])) {
    let collector = Collector::start();
    let client = collector.client();
    // What comes later finds the rest stored.
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    let whole = run.again();
    whole.deliver(&client);
    for id in [run.id, whole.id] {
        let part = |name: &str| {
            let found = client.execution(id, &format!("/{name}")).ok();
            found[name].as_array().cloned().unwrap_or_default()
        };
        let record = client.execution(id, "").ok();
        check(&record, &part("results"), &part("tasks"));
    }
}

#[test]
pub(crate) fn a_retracted_result_is_marked_and_does_not_count() {
    let run = Run::new()
        .play("web")
        .task("try")
        .host("web1")
        .ok("web1")
        .task("again")
        .host("web1")
        .failed("web1")
        .event("retracted", json!({ "host": "web1" }))
        .task("again")
        .host("web1")
        .ok("web1")
        .ended(0);
    each_way(&run, |record, results, _| {
        let marks: Vec<_> = results.iter().map(|result| &result["retracted"]).collect();
        assert_eq!(marks, [false, true, false]);
        // As Ansible counts: the failure goes, and an `ok` with it.
        assert_eq!(record["stats"]["web1"]["failed"], 0);
        assert_eq!(record["stats"]["web1"]["ok"], 1);
    });
}

#[test]
pub(crate) fn a_host_that_the_recap_does_not_list_is_not_in_the_record() {
    let run = Run::new()
        .play("web")
        .task("fatal")
        .host("web1")
        .host("web2")
        .failed("web1")
        .recap(&[("web1", [0, 0, 0, 1, 0])])
        .ended(2);
    each_way(&run, |record, _, _| {
        let hosts: Vec<_> = record["stats"].as_object().unwrap().keys().collect();
        assert_eq!(hosts, ["web1"]);
    });
}

#[test]
pub(crate) fn what_templates_came_to_is_told_by_results() {
    let task = |name: &str| json!({ "task": 1, "play": 1, "name": name, "action": "{{ m }}", "no_log": true, "no_log_unknown": true });
    let run = |censored: bool| {
        Run::new()
            .play("web")
            .task("first")
            .event("task_started", {
                let mut task = task("templated");
                task["task"] = json!(2);
                task
            })
            .event(
                "result",
                json!({ "task": 2, "host": "web1", "status": "ok", "action": "ping", "delegated_to": "db\u{e9}1", "content": {} }),
            )
            .event(
                "result",
                json!({ "task": 2, "host": "web2", "status": "ok", "action": "setup", "censored": censored, "content": {} }),
            )
            .ended(0)
    };
    for censored in [false, true] {
        each_way(&run(censored), |_, results, tasks| {
            assert_eq!(tasks[1]["no_log"], censored);
            assert_eq!(tasks[1]["action"], "ping,setup");
            let actions: Vec<_> = results.iter().map(|result| &result["action"]).collect();
            assert_eq!(actions, ["ping", "setup"]);
            assert_eq!(results[0]["delegated"], true);
            assert_eq!(results[0]["delegated_to"], "db\u{e9}1");
            assert_eq!(results[1].get("delegated_to"), None);
        });
    }
}

#[test]
pub(crate) fn a_loop_with_an_item_that_was_tried_again_is_retried() {
    let run = Run::new()
        .play("web")
        .task("loop")
        .event(
            "retry",
            json!({ "task": 1, "host": "web1", "attempt": 1, "retries": 3 }),
        )
        .event(
            "item",
            json!({ "task": 1, "host": "web1", "status": "ok", "attempts": 2 }),
        )
        .result("web1", "ok", json!({ "items": 1 }))
        .result("web2", "ok", json!({ "items": 1 }))
        .ended(0);
    each_way(&run, |_, results, _| {
        let retried: Vec<_> = results.iter().map(|result| &result["retried"]).collect();
        assert_eq!(retried, [true, false]);
    });
}

#[test]
pub(crate) fn bytes_that_are_no_text_come_back_as_they_were_printed() {
    let printed = b"caf\xe9\nzero \0 and \xff\xfe end\n";
    let run = Run::new()
        .output(&playback_wire::printed::from_bytes(printed))
        .ended(0);
    let collector = Collector::start();
    let client = collector.client();
    run.deliver(&client);
    let shown = std::process::Command::new(PLAYBACK)
        .args(["show", &run.id.to_string(), "--output"])
        .env("PLAYBACK_URL", collector.url())
        .env("PLAYBACK_TOKEN", &collector.token)
        .output()
        .unwrap();
    assert_eq!(shown.stdout, printed, "{shown:?}");
    let lines = client.execution(run.id, "/output").ok();
    assert_eq!(lines["lines"][0]["text"], "caf\\xe9");
    assert_eq!(lines["lines"][1]["text"], "zero  and \\xff\\xfe end");
}
