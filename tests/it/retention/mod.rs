//! Retention through its public interfaces: rules, pins, and what is deleted.

mod interrupted;
mod limits;
mod output;
mod payload;
mod pin_race;
mod pins;
mod schedule;

use std::collections::BTreeSet;

use playback::clock::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::builders::Run;
use crate::harness::{API, Answer, Client};

pub(crate) use interrupted::a_cleanup_while_batches_come_in_loses_nothing;
pub(crate) use interrupted::killed_in_its_middle_each_run_is_whole_or_gone;
pub(crate) use limits::by_age_as_documented;
pub(crate) use limits::every_limit_removes_what_it_says;
pub(crate) use payload::without_its_log_a_record_says_so;
pub(crate) use pin_race::a_run_whose_pin_was_acknowledged_outlives_a_cleanup_at_the_same_time;
pub(crate) use pin_race::a_run_whose_pin_was_acknowledged_outlives_a_deletion_at_the_same_time;
pub(crate) use pin_race::deleting_a_large_run_holds_up_nobody;
pub(crate) use pins::what_is_pinned_stays;

const DAY_US: i64 = 86_400_000_000;

/// A run that started this many days ago, and ended a moment later.
fn aged(days: f64, started: Value) -> Run {
    begun(days, started)
        .output("ok: [web-01]\nlast\n")
        .recap(&[("web-01", [1, 0, 0, 0, 0])])
        .ended(0)
}

/// A run that started this many days ago, and is still running.
fn begun(days: f64, started: Value) -> Run {
    let now = Clock::system().now_us();
    Run::starting(now - (days * DAY_US as f64) as i64, started)
        .play("web")
        .output("\nPLAY [web] ****\n")
        .task("install")
        .host("web-01")
        .ok("web-01")
}

/// The usual start.
fn site() -> Value {
    json!({ "type": "playbook", "playbook": "site.yml" })
}

/// Requests a cleanup.
#[track_caller]
fn cleanup(client: &Client, body: &Value) -> Answer {
    let path = format!("{API}/executions/cleanup");
    client.send("POST", &path, &[], body.to_string().as_bytes())
}

/// Cleans up, first as a dry run and then for real; both must report the same. Returns the deleted runs.
#[track_caller]
fn cleaned(client: &Client, body: &Value) -> (Value, BTreeSet<Uuid>) {
    let before = left(client);
    let mut asked = body.clone();
    asked["dry_run"] = true.into();
    let would = cleanup(client, &asked).ok();
    assert_eq!(left(client), before, "a dry run removes nothing");
    let did = cleanup(client, body).ok();
    for same in [
        "examined",
        "deleted",
        "payloads_removed",
        "bytes_freed",
        "kept_pinned",
        "kept_running",
    ] {
        assert_eq!(would[same], did[same], "{same}: {would} {did}");
    }
    assert_eq!(
        (&would["dry_run"], &did["dry_run"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(did["executions"], Value::Null);
    let gone: BTreeSet<Uuid> = before.difference(&left(client)).copied().collect();
    assert_eq!(did["deleted"], gone.len() as u64);
    let named: BTreeSet<Uuid> = ids(&would["executions"]).into_iter().collect();
    assert_eq!(named, gone);
    (would, gone)
}

/// All executions in the history.
#[track_caller]
fn left(client: &Client) -> BTreeSet<Uuid> {
    let page = client.api("/executions?limit=1000&fields=id").ok();
    let executions = page["executions"].as_array().unwrap();
    let id = |record: &Value| record["id"].as_str().unwrap().parse().unwrap();
    executions.iter().map(id).collect()
}

fn ids(list: &Value) -> Vec<Uuid> {
    let all = list.as_array().unwrap().iter();
    all.map(|id| id.as_str().unwrap().parse().unwrap())
        .collect()
}

fn set(runs: &[&Run]) -> BTreeSet<Uuid> {
    runs.iter().map(|run| run.id).collect()
}
