//! What is judged by the earlier runs of a series, and what did not happen, with a clock that the test sets.

use playback::model::{Changes, ExecutionRow, Moment, Phase, Reason, Status};
use serde_json::{Value, json};

use super::clock::{HOUR, MINUTE, Site, until};
use super::receiver::{Received, Receiver, Reply};
use crate::store::rows::{ended, execution};

const SECOND: i64 = 1_000_000;

/// A run of `site.yml` on an inventory, with a limit.
fn site_yml(inventory: &str, limit: &str) -> Value {
    json!({ "type": "playbook", "playbook": "site.yml", "cwd": "/srv", "inventory": inventory, "limit": limit })
}

impl Site {
    /// Commits a run as ingestion does: with what happened to it.
    async fn write(&self, row: &ExecutionRow) {
        let changes = Changes {
            moment: Moment::name_of(row).map(|name| Moment {
                name: name.to_owned(),
                noted_us: self.clock.now_us(),
            }),
            execution: Some(Box::new(row.clone())),
            ..Changes::default()
        };
        self.store.commit(&[changes]).await.unwrap();
        self.expanded().await;
    }

    /// Commits the end of a run now, and lets a second pass.
    async fn ends(&self, description: Value, reason: Option<Reason>) -> ExecutionRow {
        let row = ended(self.clock.now_us(), description, reason);
        self.write(&row).await;
        self.clock.advance(SECOND);
        row
    }

    /// Commits runs of which nobody is told, as if they had arrived before there was a target.
    async fn history(&self, rows: Vec<ExecutionRow>) {
        let changes: Vec<Changes> = rows
            .into_iter()
            .map(|row| Changes {
                execution: Some(Box::new(row)),
                ..Changes::default()
            })
            .collect();
        self.store.commit(&changes).await.unwrap();
    }

    async fn rules(&self, receiver: &Receiver, rules: Value) {
        self.webhook(receiver, json!({ "rules": rules })).await;
    }
}

const FAILED: Option<Reason> = Some(Reason::TaskFailed);

#[tokio::test(flavor = "multi_thread")]
async fn a_series_is_found_however_many_others_ran_meanwhile() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    site.rules(&receiver, json!([{ "on": ["broke", "recovered"] }]))
        .await;
    let others = || -> Vec<ExecutionRow> {
        let now_us = site.clock.now_us();
        let other = |at: i64| {
            let limit = format!("host-{at}");
            ended(now_us + at * 1000, site_yml("prod", &limit), None)
        };
        (1..=150).map(other).collect()
    };
    for inventory in ["prod", "test"] {
        site.ends(site_yml(inventory, "host-0"), None).await;
    }
    site.history(others()).await;
    site.clock.advance(HOUR);
    let broken = site.ends(site_yml("prod", "host-0"), FAILED).await;
    site.attempts(1).await;
    site.history(others()).await;
    site.clock.advance(HOUR);
    // The same limit of another inventory is another series.
    site.ends(site_yml("test", "host-0"), None).await;
    site.ends(site_yml("prod", "host-0"), None).await;
    site.attempts(2).await;
    let received: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0]["type"], "run.broke");
    assert_eq!(received[0]["data"]["run"]["limit"], "host-0");
    assert_eq!(received[1]["type"], "run.recovered");
    assert_eq!(received[1]["data"]["broken_since"]["id"], json!(broken.id));
    assert_eq!(received[1]["data"]["run"]["inventory"], "prod");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundredth_failure_in_a_row_is_told_too() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["still_broken"], "still_broken_every": 100 }]);
    site.rules(&receiver, rules).await;
    site.ends(site_yml("prod", "web"), None).await;
    let first_us = site.clock.now_us() + 10 * MINUTE;
    let failures: Vec<ExecutionRow> = (0..99)
        .map(|at| ended(first_us + at * MINUTE, site_yml("prod", "web"), FAILED))
        .collect();
    let first = failures[0].id;
    site.history(failures).await;
    site.clock.advance(3 * HOUR);
    // The hundredth failure, and the first after a hundred.
    site.ends(site_yml("prod", "web"), FAILED).await;
    site.ends(site_yml("prod", "web"), FAILED).await;
    site.ends(site_yml("prod", "web"), FAILED).await;
    let all = site.attempts(1).await;
    assert_eq!(all.len(), 1);
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "run.still_broken");
    assert_eq!(told["data"]["failures_in_row"], 101);
    assert_eq!(told["data"]["broken_since"]["id"], json!(first));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_that_fails_and_succeeds_in_turn_is_told_when_that_begins() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    site.rules(&receiver, json!([{ "on": ["flapping"] }])).await;
    for reason in [None, FAILED, None, FAILED] {
        site.ends(site_yml("prod", "web"), reason).await;
    }
    assert!(site.deliveries().await.is_empty());
    let turned = site.ends(site_yml("prod", "web"), None).await;
    site.attempts(1).await;
    site.ends(site_yml("prod", "web"), FAILED).await;
    assert_eq!(site.deliveries().await.len(), 1);
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "run.flapping");
    assert_eq!(told["data"]["turns"], 4);
    assert_eq!(told["data"]["run"]["id"], json!(turned.id));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_lost_and_succeeded_is_told_to_work_however_late_that_is_known() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    site.rules(&receiver, json!([{ "on": ["broke", "recovered", "lost"] }]))
        .await;
    site.ends(site_yml("prod", "web"), None).await;
    let lost = site.ends(site_yml("prod", "web"), Some(Reason::Lost)).await;
    site.attempts(1).await;
    site.clock.advance(5 * HOUR);
    // Its spool arrives.
    let found = ExecutionRow {
        status: Status::Success,
        reason: None,
        ..lost.clone()
    };
    site.write(&found).await;
    site.attempts(2).await;
    site.ends(site_yml("prod", "web"), None).await;
    assert_eq!(site.deliveries().await.len(), 2);
    let received: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    assert_eq!(received[0]["type"], "run.broke");
    assert_eq!(received[0]["data"]["triggers"], json!(["broke", "lost"]));
    assert_eq!(received[1]["type"], "run.recovered");
    assert_eq!(received[1]["data"]["run"]["id"], json!(lost.id));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_in_the_queue_is_told_once() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["waiting"], "waiting_minutes": 15 }]);
    site.rules(&receiver, rules).await;
    let queued = |playbook: &str| ExecutionRow {
        phase: Phase::Queued,
        queued_us: Some(site.clock.now_us()),
        started_us: site.clock.now_us(),
        ..execution(json!({ "type": "playbook", "playbook": playbook }))
    };
    let first = queued("first.yml");
    site.write(&first).await;
    site.clock.advance(14 * MINUTE);
    let second = queued("second.yml");
    site.write(&second).await;
    site.clock.advance(2 * MINUTE);
    let all = site.attempts(1).await;
    assert_eq!(all.len(), 1);
    site.clock.advance(14 * MINUTE);
    let all = site.attempts(2).await;
    assert_eq!(all.len(), 2);
    let received: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    for (told, run) in received.iter().zip([&first, &second]) {
        assert_eq!(told["type"], "run.waiting");
        assert_eq!(told["data"]["run"]["id"], json!(run.id));
        assert!(told["data"]["queued_since"].is_string());
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_a_playbook_is_silent_whatever_else_of_it_runs() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["silent"], "silent_hours": 26, "query": "inventory:prod" }]);
    site.rules(&receiver, rules).await;
    site.ends(site_yml("prod", "web"), None).await;
    site.ends(site_yml("prod", "db"), None).await;
    site.clock.advance(25 * HOUR);
    site.ends(site_yml("prod", "db"), None).await;
    // Somebody tries something on another inventory, again and again.
    let now_us = site.clock.now_us();
    let tries = |at: i64| ended(now_us - at * 5 * MINUTE, site_yml("dev", "web"), None);
    site.history((0..150).map(tries).collect()).await;
    site.clock.advance(2 * HOUR);
    let all = site.attempts(1).await;
    assert_eq!(all.len(), 1);
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "playbook.silent");
    assert_eq!(told["data"]["run"]["limit"], "web");
    site.clock.advance(25 * HOUR);
    site.attempts(2).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].json()["data"]["run"]["limit"], "db");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nightly_run_is_missed_although_the_playbook_runs_elsewhere_all_day() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let begun_us = site.clock.now_us();
    let night = |at: i64| ended(begun_us - at * 24 * HOUR, site_yml("prod", "web"), None);
    site.history((0..8).map(night).collect()).await;
    site.rules(&receiver, json!([{ "on": ["silent"] }])).await;
    site.clock.advance(29 * HOUR);
    let now_us = site.clock.now_us();
    let tries = |at: i64| ended(now_us - at * 5 * MINUTE, site_yml("dev", "web"), None);
    site.history((0..150).map(tries).collect()).await;
    assert!(site.deliveries().await.is_empty());
    site.clock.advance(2 * HOUR);
    site.attempts(1).await;
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "playbook.silent");
    assert_eq!(told["data"]["run"]["inventory"], "prod");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_never_were_are_missed_once_if_a_rule_says_when() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let rules = json!([
        { "on": ["silent"], "silent_hours": 24, "query": "playbook:never.yml" },
        { "on": ["silent"], "silent_hours": 24, "query": "playbook:site.yml" },
        { "on": ["failed"] },
    ]);
    site.rules(&receiver, rules).await;
    site.clock.advance(23 * HOUR);
    site.ends(site_yml("prod", "web"), None).await;
    site.clock.advance(2 * HOUR);
    site.attempts(1).await;
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "playbook.silent");
    assert_eq!(told["data"]["title"], "No run of playbook:never.yml");
    assert_eq!(told["data"]["query"], "playbook:never.yml");
    assert!(told["data"]["run"].is_null());
    // The other one is missed a day after its run.
    site.clock.advance(24 * HOUR);
    site.attempts(2).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].json()["data"]["run"]["name"], "site.yml");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_to_be_silent_takes_no_room_from_what_is_new() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let rules = json!([{ "on": ["silent"], "silent_hours": 2 }]);
    let more = json!({ "rules": rules, "max_per_hour": 3 });
    site.webhook(&receiver, more).await;
    for limit in ["a", "b", "c"] {
        site.ends(site_yml("prod", limit), None).await;
    }
    site.clock.advance(3 * HOUR);
    site.attempts(3).await;
    site.ends(site_yml("prod", "d"), None).await;
    site.clock.advance(3 * HOUR);
    // Not in a digest some time later.
    let all = site.attempts(4).await;
    assert_eq!(all.len(), 4);
    assert_eq!(receiver.received()[3].kind(), "playbook.silent");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pagerduty_has_one_incident_for_a_series_and_its_next_success_closes_it() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    // Nobody asked for recoveries.
    let rules = json!([{ "on": ["broke", "waiting"] }]);
    let settings = json!({ "kind": "pagerduty", "token": "R0UTE", "rules": rules });
    site.webhook(&receiver, settings).await;
    let check = || {
        let mut description = site_yml("prod", "web");
        description["check"] = json!(true);
        description
    };
    site.ends(site_yml("prod", "web"), None).await;
    site.ends(site_yml("prod", "web"), FAILED).await;
    site.attempts(1).await;
    // What check mode says is another matter.
    site.ends(check(), None).await;
    assert_eq!(site.deliveries().await.len(), 1);
    site.ends(site_yml("prod", "web"), None).await;
    site.attempts(2).await;
    site.ends(site_yml("prod", "web"), None).await;
    assert_eq!(site.deliveries().await.len(), 2);
    // It waits, and runs: no run before it failed.
    let queued = ExecutionRow {
        phase: Phase::Queued,
        queued_us: Some(site.clock.now_us()),
        started_us: site.clock.now_us(),
        ..execution(site_yml("prod", "web"))
    };
    site.write(&queued).await;
    site.clock.advance(11 * MINUTE);
    site.attempts(3).await;
    let now_us = site.clock.now_us();
    let done = ExecutionRow {
        id: queued.id,
        ..ended(now_us, site_yml("prod", "web"), None)
    };
    site.write(&done).await;
    let all = site.attempts(4).await;
    assert_eq!(all.len(), 4);
    let received: Vec<Value> = receiver.received().iter().map(Received::json).collect();
    let actions: Vec<&str> = received
        .iter()
        .map(|one| one["event_action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["trigger", "resolve", "trigger", "resolve"]);
    for one in &received {
        assert_eq!(one["routing_key"], "R0UTE");
        assert_eq!(one["dedup_key"], received[0]["dedup_key"]);
    }
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_tells_why_runs_failed_and_is_bad_if_its_events_are() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    let more = json!({ "rules": [{ "on": ["silent"], "silent_hours": 2 }], "digest_minutes": 10 });
    site.webhook(&receiver, more).await;
    for limit in ["a", "b"] {
        site.ends(site_yml("prod", limit), None).await;
    }
    site.clock.advance(3 * HOUR);
    until("events to be held", async || {
        let held = site.store.held_events().await.unwrap();
        (!held.is_empty()).then_some(())
    })
    .await;
    site.clock.advance(11 * MINUTE);
    site.attempts(1).await;
    let told = receiver.received().remove(0).json();
    assert_eq!(told["type"], "digest");
    // The runs that it names, the last ones of silent playbooks, succeeded.
    assert_eq!(told["data"]["digest"]["is_bad"], true);
    assert_eq!(told["data"]["digest"]["runs"][0]["status"], "success");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_makes_no_message_late_and_gives_none_up() {
    let site = Site::looking().await;
    let receiver = Receiver::start();
    receiver.reply(Reply::Status(503));
    site.rules(&receiver, json!([{ "on": ["failed"] }])).await;
    site.fail_one("a.yml").await;
    site.attempts(1).await;
    // Forward by four days: the message is not a day old, and the target has not failed for three.
    let moved = async |site: &Site, by_us: i64| {
        let retry_us = site.target().await.retry_us.unwrap();
        site.clock.set_forward(by_us);
        until("what waits to go by the new time", async || {
            let is_moved = site.target().await.retry_us == Some(retry_us + by_us);
            is_moved.then_some(())
        })
        .await;
    };
    moved(&site, 96 * HOUR).await;
    site.clock.advance(HOUR);
    let all = site.attempts(2).await;
    assert_eq!(all[0].state.as_str(), "pending");
    assert!(site.target().await.is_on());
    // Back: it does not wait until the old time comes again.
    moved(&site, -96 * HOUR).await;
    receiver.reply(Reply::Status(204));
    site.clock.advance(2 * HOUR);
    let all = site.attempts(3).await;
    assert_eq!(all[0].state.as_str(), "delivered");
    site.stop().await;
}
