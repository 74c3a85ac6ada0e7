//! The collector is killed, was stopped when a time came, or is one of two; what a schedule needs is gone.

use std::collections::BTreeSet;

use chrono::{DateTime, Timelike as _, Utc};
use playback::clock::Clock;
use playback::model::time_from_us;
use playback::store::dialect::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    SHORT, all_entered, create, each_second, entered, had, pause, post, replace, schedule, started,
};
use crate::harness::{Client, Collector, Setup, eventually};
use crate::launch::Site;
use crate::servers::{self, sql};

/// The times of a schedule that are told, of all outcomes.
fn times(client: &Client, name: &str) -> Vec<String> {
    let past = schedule(client, name)["past"].as_array().unwrap().clone();
    past.iter()
        .map(|time| time["time"].as_str().unwrap().to_owned())
        .collect()
}

/// Each time was decided once, and each run that says that the schedule started it is one of those that it says so of.
#[track_caller]
pub(super) fn each_has_one(client: &Client, name: &str) {
    let all = times(client, name);
    let unique: BTreeSet<&String> = all.iter().collect();
    assert_eq!(unique.len(), all.len(), "{all:?}");
    let runs: BTreeSet<String> = started(client, name)
        .iter()
        .map(ToString::to_string)
        .collect();
    let list = client
        .api(&format!("/executions?schedule={name}&fields=id&limit=1000"))
        .ok();
    let listed = list["executions"].as_array().unwrap().iter();
    let listed: BTreeSet<String> = listed
        .map(|run| run["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(runs, listed);
}

#[test]
pub(crate) fn killed_between_a_decision_and_a_start_each_time_has_one_run_at_most() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let mut collector = site.start();
    let client = collector.client();
    let mut asked = each_second("often", "short.yml");
    asked["overlap"] = json!("queue");
    create(&client, &asked);
    for round in 1..=4 {
        // As soon as its record is there: now it may be queued, or just be started.
        eventually("it to start another run", || {
            (started(&client, "often").len() >= round).then_some(())
        });
        collector.kill_and_restart();
    }
    eventually("a run after the last restart", || {
        (started(&client, "often").len() > 4).then_some(())
    });
    pause(&client, "often");
    each_has_one(&client, "often");
    for run in started(&client, "often") {
        let record = client.finished(run);
        assert_eq!(record["status"], "success", "{record}");
    }
}

#[test]
fn of_two_collectors_one_starts_each_run_and_the_other_goes_on_when_it_is_killed() {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let [mut one, other] = site.start_on::<2>(&database);
    let [first, second] = [one.client(), other.client()];
    let mut schedule = each_second("shared", "short.yml");
    schedule["cron"] = "*/4 * * * * *".into();
    create(&first, &schedule);
    let enough = |client: &Client, count: usize| {
        eventually("runs to be started", || {
            (started(client, "shared").len() >= count).then_some(())
        });
    };
    enough(&second, 2);
    // What runs when its collector is killed goes on, but its end is not reported, and the schedule waits for it.
    let is_open = || {
        let list = second.api("/executions?status=running").ok();
        list["executions"] != json!([])
    };
    eventually("a run to begin", || is_open().then_some(()));
    eventually("it to end", || (!is_open()).then_some(()));
    one.kill();
    let before = started(&second, "shared").len();
    enough(&second, before + 2);
    pause(&second, "shared");
    each_has_one(&second, "shared");
}

/// A cron line of a time of day that came twelve hours ago.
fn twelve_hours_ago() -> String {
    let now: DateTime<Utc> = time_from_us(Clock::system().now_us());
    let then = now - chrono::TimeDelta::hours(12);
    format!("{} {} * * *", then.minute(), then.hour())
}

/// Makes all schedules as if nothing had been decided for three days.
fn idle_for_days(collector: &Collector) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = collector.database();
    let days = 3_i64 * 86_400_000_000;
    runtime.block_on(sql(
        &address,
        &format!("UPDATE schedules SET decided_us = decided_us - {days}"),
    ));
}

#[test]
pub(crate) fn times_that_nobody_started_are_made_up_for_or_left_out() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let mut collector = site.start();
    let client = collector.client();
    for missed in ["run_once", "skip"] {
        let asked = json!({
            "name": missed, "missed": missed, "cron": twelve_hours_ago(),
            "run": { "playbook": "short.yml", "inventory": "prod" },
        });
        create(&client, &asked);
    }
    collector.stop();
    idle_for_days(&collector);
    collector.launch();
    let made_up = had(&client, "run_once", "started");
    // Of three days' times, the last is made up for, and the others are counted.
    assert_eq!(made_up["passed_over"], 2, "{made_up}");
    assert!(made_up["decided"].as_str() > made_up["time"].as_str());
    let left_out = had(&client, "skip", "missed");
    let entries = all_entered(&client, "schedule:skip");
    let last = entries.last().unwrap();
    assert_eq!(
        (
            &last["action"],
            &last["after"]["outcome"],
            &last["after"]["passed_over"]
        ),
        (&json!("skip_schedule"), &json!("missed"), &json!(2))
    );
    assert_eq!(left_out["passed_over"], 2, "{left_out}");
    assert!(
        left_out["message"]
            .as_str()
            .unwrap()
            .contains("missed times are left out"),
        "{left_out}"
    );
    let runs = started(&client, "run_once");
    assert_eq!(runs.len(), 1);
    assert_eq!(client.finished(runs[0])["schedule"], "run_once");
    assert!(started(&client, "skip").is_empty());
    for name in ["run_once", "skip"] {
        let next = schedule(&client, name)["next"][0]
            .as_str()
            .unwrap()
            .to_owned();
        let next = DateTime::parse_from_rfc3339(&next)
            .unwrap()
            .timestamp_micros();
        assert!(next > Clock::system().now_us(), "{next}");
    }
}

#[test]
fn a_schedule_whose_playbook_is_gone_says_so_and_goes_on_when_it_is_back() {
    let site = Site::with_a_stand_in();
    let playbook = site.playbook("short.yml", SHORT);
    let collector = site.start();
    let client = collector.client();
    create(&client, &each_second("needs-it", "short.yml"));
    std::fs::remove_file(&playbook).unwrap();
    let time = had(&client, "needs-it", "not_found");
    assert!(
        time["message"]
            .as_str()
            .unwrap()
            .contains("there is no \"short.yml\""),
        "{time}"
    );
    assert!(time.get("execution").is_none(), "{time}");
    let told = schedule(&client, "needs-it");
    assert_eq!(told["blocked"]["reason"], "not_found", "{told}");
    assert_eq!(
        client.api("/schedules").ok()["schedules"][0]["blocked"]["reason"],
        "not_found"
    );
    let runs = started(&client, "needs-it").len();
    site.playbook("short.yml", SHORT);
    eventually("it to start runs again", || {
        (started(&client, "needs-it").len() > runs).then_some(())
    });
    assert!(schedule(&client, "needs-it").get("blocked").is_none());
    pause(&client, "needs-it");
    for run in started(&client, "needs-it") {
        client.finished(run);
    }
}

#[test]
fn a_schedule_whose_token_was_revoked_starts_nothing_until_somebody_takes_it_over() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let collector = site.start();
    let admin = collector.client();
    let made = post(
        &admin,
        "/tokens",
        &json!({ "name": "ann", "scopes": ["run", "read"] }),
    )
    .json();
    let ann = collector.client_with(Some(made["token"].as_str().unwrap()));
    let asked = each_second("anns", "short.yml");
    assert_eq!(create(&ann, &asked)["owner"], "token:ann");
    had(&admin, "anns", "started");
    collector.command(&["token", "revoke", "ann"]).unwrap();
    // A token of the same name is another one.
    collector
        .command(&["token", "create", "ann", "--scope", "run"])
        .unwrap();
    let time = had(&admin, "anns", "token_revoked");
    let message = time["message"].as_str().unwrap();
    assert!(
        message.contains("token:ann") && message.contains("schedule change anns"),
        "{message}"
    );
    assert_eq!(
        schedule(&admin, "anns")["blocked"]["reason"],
        "token_revoked"
    );
    let before = started(&admin, "anns").len();
    let taken = replace(&admin, "anns", &asked).ok();
    assert!(
        taken["owner"].as_str().unwrap().starts_with("token:test-"),
        "{taken}"
    );
    eventually("it to start runs again", || {
        (started(&admin, "anns").len() > before).then_some(())
    });
    pause(&admin, "anns");
    let told = entered(&admin, "schedule:anns");
    let actions: Vec<&Value> = told.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        ["create_schedule", "change_schedule", "pause_schedule"]
    );
    for run in started(&admin, "anns") {
        admin.finished(run);
    }
}

#[test]
fn where_nothing_is_launched_any_more_a_schedule_says_so() {
    let site = Site::with_a_stand_in();
    site.playbook("short.yml", SHORT);
    let mut collector = site.start();
    let asked = json!({ "name": "nightly", "cron": "@daily", "run": { "playbook": "short.yml" } });
    create(&collector.client(), &asked);
    collector.stop();
    let off = Setup::default().database(collector.database()).start();
    let client = off.client();
    let told = schedule(&client, "nightly");
    assert_eq!(told["blocked"]["reason"], "launcher_off", "{told}");
    assert!(
        told["blocked"]["message"]
            .as_str()
            .unwrap()
            .contains("[launcher]"),
        "{told}"
    );
    let other = json!({ "name": "other", "cron": "@daily", "run": { "playbook": "short.yml" } });
    post(&client, "/schedules", &other).error(403, "disabled");
    // It can be paused and deleted all the same.
    pause(&client, "nightly");
    assert_eq!(schedule(&client, "nightly")["blocked"]["reason"], "paused");
    assert_eq!(super::delete(&client, "nightly").status, 204);
}
