//! A run as it was recorded by Playback and as it was imported: what both know must be equal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::harness::Client;

/// What a source knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Knows {
    /// Action of tasks that have no result, which runs are check runs, who ran it.
    pub(super) everything: bool,
    /// Counts of the recap.
    pub(super) recap: bool,
    /// Which failures were rescued and which ignored, even if a host had both.
    pub(super) handled: bool,
    /// Hosts that were not reached.
    pub(super) unreachable: bool,
    /// Where tasks run for other hosts.
    pub(super) delegates: bool,
    /// What failed results returned beside their message.
    pub(super) failures: bool,
}

/// All executions, oldest first, by the file of their playbook or their module.
pub(super) fn runs(client: &Client) -> Vec<(String, Value)> {
    let list = client.api("/executions?order=asc&limit=100").ok();
    let runs = list["executions"].as_array().unwrap();
    runs.iter()
        .map(|run| {
            let name = run["playbook"].as_str().or(run["module"].as_str());
            let name = name.unwrap_or_default().rsplit('/').next().unwrap();
            (name.to_owned(), run.clone())
        })
        .collect()
}

fn all(client: &Client, id: Uuid, part: &str) -> Vec<Value> {
    let found = client.execution(id, &format!("/{part}?limit=1000")).ok();
    found[part].as_array().unwrap().clone()
}

fn id(run: &Value) -> Uuid {
    run["id"].as_str().unwrap().parse().unwrap()
}

/// Compares a run's record with that of its import.
pub(super) fn compare(
    (ours, own): (&Client, &Value),
    (theirs, imported): (&Client, &Value),
    knows: Knows,
) {
    for field in ["type", "status", "reason"] {
        assert_eq!(own[field], imported[field], "{field}: {imported:#}");
    }
    assert_eq!(imported["events"]["complete"], false);
    let missing = imported["events"]["missing"].as_str().unwrap();
    assert!(
        missing.contains("did not record: ") && missing.contains("exit code"),
        "{missing}"
    );
    for unknown in ["exit_code", "usage", "git", "cwd"] {
        assert_eq!(imported[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(imported["output_lines"], 0);
    if knows.everything {
        for field in [
            "check",
            "diff",
            "limit",
            "tags",
            "skip_tags",
            "user",
            "ansible_version",
            "forks",
            "playbook",
            "hosts",
        ] {
            let unknown = imported["imported"]["unknown"].as_array().unwrap();
            if !unknown.contains(&json!(field)) {
                assert_eq!(own[field], imported[field], "{field}");
            }
        }
        assert_eq!(imported.get("extra_var_names"), None);
    }
    if knows.recap {
        for field in ["stats", "failed", "unreachable"] {
            assert_eq!(own[field], imported[field], "{field}");
        }
        if knows.everything {
            assert_eq!(own["changed"], imported["changed"]);
        }
    }
    let unknown = imported["imported"]["unknown"].as_array().unwrap();
    let knows = Knows {
        delegates: knows.delegates && !unknown.contains(&json!("delegated_to")),
        ..knows
    };
    let (own, imported) = (id(own), id(imported));
    assert_eq!(
        results((ours, own), knows),
        results((theirs, imported), knows),
        "results"
    );
    let tasks = |client: &Client, id: Uuid| -> Vec<Value> {
        let all = all(client, id, "tasks");
        let mut tasks: Vec<Value> = all
            .iter()
            .filter(|task| has_results(task))
            .map(|task| {
                let fields = match knows.everything {
                    true => &["name", "role", "path", "line", "action", "handler", "tags"][..],
                    false => &["name", "role", "path", "line"],
                };
                only(task, fields)
            })
            .collect();
        // Under `serial`, ARA has one task for all batches, and `junit` orders results by task.
        tasks.sort_by_key(Value::to_string);
        tasks.dedup();
        tasks
    };
    assert_eq!(tasks(ours, own), tasks(theirs, imported), "tasks");
}

fn has_results(task: &Value) -> bool {
    ["ok", "failed", "skipped", "unreachable"]
        .iter()
        .any(|count| task[count].as_u64().is_some_and(|count| count > 0))
}

fn only(value: &Value, fields: &[&str]) -> Value {
    let fields = fields
        .iter()
        .map(|field| ((*field).to_owned(), value[field].clone()));
    Value::Object(fields.collect::<Map<String, Value>>())
}

/// The results of each host, in order, with what they returned.
fn results((client, run): (&Client, Uuid), knows: Knows) -> BTreeMap<String, Vec<Value>> {
    let mut by_host: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for result in all(client, run, "results") {
        let status = result["status"].as_str().unwrap();
        if status == "unreachable" && !knows.unreachable {
            continue;
        }
        let mut seen = only(&result, &["task_name", "censored"]);
        let seq = result["seq"].as_u64().unwrap();
        let whole = client.execution(run, &format!("/results/{seq}")).ok();
        let content = &whole["event"]["data"]["content"];
        assert!(
            content.is_object() || status == "skipped" || status == "failed",
            "{whole}"
        );
        // The callback junit reports ignored failures as passed, and of others only a message.
        let is_ignored =
            result["ignored"] == true || content["rc"].as_u64().is_some_and(|rc| rc > 0);
        seen["status"] = match is_ignored && !knows.failures {
            true if status != "failed" || result["ignored"] == true => json!("ok"),
            _ => json!(status),
        };
        if knows.failures || (status == "ok" && !is_ignored) {
            seen["changed"] = result["changed"].clone();
            seen["content"] = steady(content);
        }
        // A censored loop does not say that it was one.
        if knows.failures && result["censored"] == false {
            seen["loop"] = result["loop"].clone();
        }
        if knows.handled {
            seen["handled"] = only(&result, &["ignored", "rescued"]);
        }
        if knows.delegates {
            seen["delegated_to"] = result["delegated_to"].clone();
        }
        by_host
            .entry(result["host"].as_str().unwrap().to_owned())
            .or_default()
            .push(seen);
    }
    by_host
}

/// What a result returned, without times, which one recorder may cut, and without what recorders leave out.
fn steady(content: &Value) -> Value {
    let left_out: BTreeSet<&str> = [
        "start",
        "end",
        "delta",
        "failed",
        "skipped",
        "invocation",
        "exception",
        "warnings",
        "deprecations",
        "attempts",
    ]
    .into();
    match content {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !left_out.contains(name.as_str()))
            .map(|(name, value)| (name.clone(), steady(value)))
            .collect::<Map<String, Value>>()
            .into(),
        value => value.clone(),
    }
}
