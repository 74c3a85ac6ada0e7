//! One execution: its record, its parts, waiting for its end, deleting it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::builders::{Run, good_run};
use crate::harness::{Collector, Setup, eventually};

/// A run with something of everything.
fn varied_run() -> Run {
    Run::of(json!({
        "type": "playbook", "playbook": "site.yml", "inventory": "prod", "user": "ann",
        "ansible_version": "2.19.0", "extra_var_names": ["version"], "forks": 5,
    }))
    .play("web")
    .output("\nPLAY [web] ****\n")
    .task("install")
    .host("web-01")
    .host("web-02")
    .changed("web-01")
    .result(
        "web-02",
        "failed",
        json!({ "ignored": true, "attempts": 3, "items": 2 }),
    )
    .event(
        "retry",
        json!({ "task": 1, "host": "web-02", "attempt": 1, "retries": 3 }),
    )
    .event(
        "item",
        json!({ "task": 1, "host": "web-02", "status": "ok", "content": { "item": "a" } }),
    )
    .event(
        "notified",
        json!({ "handler": "restart", "host": "web-01" }),
    )
    .task("restart")
    .result(
        "web-01",
        "skipped",
        json!({ "delegated_to": "localhost", "censored": true }),
    )
    .unreachable("web-02")
    .event(
        "facts",
        json!({ "task": 2, "host": "web-01", "facts": { "os": "Debian" } }),
    )
    .event(
        "included",
        json!({ "path": "extra.yml", "hosts": ["web-01"] }),
    )
    .output("done\n")
    .event(
        "usage",
        json!({ "user_s": 1.5, "system_s": 0.25, "peak_bytes": 1_048_576 }),
    )
    .recap(&[("web-01", [1, 1, 0, 0, 1]), ("web-02", [1, 0, 1, 0, 0])])
    .ended(4)
}

#[test]
pub(crate) fn the_record_and_its_parts() {
    let collector = Collector::start();
    let client = collector.client();
    let run = varied_run();
    run.deliver(&client);
    for (name, part) in [
        ("detail", ""),
        ("plays", "/plays"),
        ("tasks", "/tasks"),
        ("hosts", "/hosts"),
        ("results", "/results"),
        ("result", "/results/7"),
        ("output", "/output"),
    ] {
        let answer = client.execution(run.id, part).ok();
        insta::assert_json_snapshot!(name, answer, { ".id" => "[id]", ".trace_id" => "[trace_id]" });
    }
    let fields = client.execution(run.id, "?fields=status,output").ok();
    assert_eq!(
        fields,
        json!({ "status": "failed", "output": ["", "PLAY [web] ****", "done"] })
    );
    let fields = client.execution(run.id, "?fields=exit_code").ok();
    assert_eq!(fields, json!({ "exit_code": 4 }));
}

#[test]
pub(crate) fn parts_are_paged_and_filtered() {
    let collector = Collector::start();
    let client = collector.client();
    let mut run = Run::new().play("web");
    for task in 0..5 {
        run = run.task(&format!("task {task}"));
        for host in 0..5 {
            let name = format!("web-{host:02}");
            run = match (task, host) {
                (3, 3) => run.failed(&name),
                (_, 0) => run.changed(&name),
                _ => run.ok(&name),
            };
        }
    }
    let run = run.ended(2);
    run.deliver(&client);
    for (part, list, total) in [
        ("tasks", "tasks", 5),
        ("hosts", "hosts", 5),
        ("results", "results", 25),
        ("events", "events", run.len()),
        ("results?host=web-01", "results", 5),
        ("results?task=2", "results", 5),
        ("results?status=failed", "results", 1),
        ("results?changed=true", "results", 5),
        ("results?changed=false&task=4", "results", 4),
        ("results?host=nobody", "results", 0),
        ("events?kind=result", "events", 25),
        ("events?kind=result&host=web-01&task=2", "events", 1),
        ("events?kind=nothing", "events", 0),
    ] {
        let mut seen = Vec::new();
        let mut after = 0;
        loop {
            let sign = if part.contains('?') { '&' } else { '?' };
            let page = client
                .execution(run.id, &format!("/{part}{sign}limit=3&after={after}"))
                .ok();
            let entries = page[list].as_array().unwrap();
            assert!(entries.len() <= 3);
            seen.extend(entries.iter().map(ToString::to_string));
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(seen.len(), total, "{part}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total, "{part} repeats itself");
    }
}

#[test]
pub(crate) fn waiting_ends_with_the_run_or_with_the_time() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let split = run.len() - 1;
    run.deliver_range(&client, 0..split);

    let begun = Instant::now();
    let record = client.execution(run.id, "?wait=final&timeout=0.3").ok();
    assert_eq!(record["status"], "running");
    assert!(begun.elapsed() >= Duration::from_millis(300));

    let waiting = {
        let client = client.clone();
        let id = run.id;
        std::thread::spawn(move || client.execution(id, "?wait=final&timeout=50").ok())
    };
    run.deliver_range(&client, split..run.len());
    let record = waiting.join().unwrap();
    assert_eq!(record["status"], "success");
    assert_eq!(record["events"]["complete"], true);
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "woken, not timed out"
    );
}

#[test]
fn whoever_waits_is_told_that_the_collector_stops() {
    let config = "log_level = \"info,tower_http=debug\"";
    let mut collector = Setup::default().config(config).start();
    let client = collector.client();
    let live = Run::new();
    live.deliver(&client);
    let waiting = {
        let client = client.clone();
        std::thread::spawn(move || client.execution(live.id, "?wait=final&timeout=50"))
    };
    eventually("the request to be open", || {
        let log = collector.log();
        let begun = log
            .iter()
            .filter(|line| line["message"] == "started processing request");
        (begun.count() == 2).then_some(())
    });
    let (status, _) = collector.stop();
    assert!(status.success());
    waiting.join().unwrap().error(503, "busy");
}

#[test]
pub(crate) fn deleting_forgets_a_finished_run_alone() {
    let collector = Collector::start();
    let client = collector.client();
    let run = good_run();
    let split = run.len() - 1;
    run.deliver_range(&client, 0..split);
    let message = client.delete(run.id).error(409, "conflict");
    assert!(message.contains("running"), "{message}");
    run.deliver_range(&client, split..run.len());
    let kept = good_run();
    kept.deliver(&client);

    assert_eq!(client.delete(run.id).status, 204);
    client.execution(run.id, "").error(404, "not_found");
    client.execution(run.id, "/results").error(404, "not_found");
    client.delete(run.id).error(404, "not_found");
    // What comes late is told that it was deleted; sent from the start, too.
    run.send_range(&client, split..run.len()).error(410, "gone");
    client.ingest(run.id, "recorder", b"").error(410, "gone");
    run.send(&client).error(410, "gone");
    client.execution(run.id, "").error(404, "not_found");
    assert_eq!(client.execution(kept.id, "").ok()["results"], 1);
}

/// Deleting and late batches may meet: what is left is either all of the record or nothing.
#[test]
pub(crate) fn a_deletion_that_meets_late_batches_leaves_all_or_nothing() {
    let collector = Collector::start();
    let client = collector.client();
    for _ in 0..20 {
        let run = good_run().event("later", json!({})).output("late\n");
        let end = run.len() - 2;
        run.deliver_range(&client, 0..end);
        let late = {
            let (run, client) = (run.clone(), client.clone());
            std::thread::spawn(move || run.send_range(&client, end..run.len()))
        };
        assert_eq!(client.delete(run.id).status, 204);
        let late = late.join().unwrap();
        assert!(late.status == 200 || late.status == 410, "{late:?}");
        client.execution(run.id, "").error(404, "not_found");
        // The next run may not find anything of it.
        let next = good_run();
        next.deliver(&client);
        let events = client.execution(next.id, "/events?limit=1000").ok();
        assert_eq!(events["events"].as_array().unwrap().len(), next.len());
        assert_eq!(client.delete(next.id).status, 204);
    }
}

#[test]
fn a_failure_that_was_rescued_or_ignored_counts_as_such_before_the_recap() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .play("all")
        .task("one")
        .result("a", "failed", json!({ "rescued": true }))
        .result("b", "unreachable", json!({ "ignored": true }))
        .result("c", "failed", json!({ "ignored": true }));
    run.deliver(&client);

    let record = client.execution(run.id, "").ok();
    let counts = |host: &str, name: &str| record["stats"][host][name].as_u64().unwrap();
    assert_eq!((counts("a", "rescued"), counts("a", "failed")), (1, 0));
    // Ansible's own recap counts an ignored unreachable host like an ignored failure.
    assert_eq!((counts("b", "ok"), counts("b", "ignored")), (1, 1));
    assert_eq!(counts("b", "unreachable"), 0);
    assert_eq!((counts("c", "ok"), counts("c", "ignored")), (1, 1));
    assert_eq!(record["failed"], json!([]));
    let page = client.execution(run.id, "/results").ok();
    assert_eq!(page["results"][0]["rescued"], true);
    assert_eq!(page["results"][1]["rescued"], false);
}
