//! Notifications: a receiver, which is a real server, gets what it should and nothing else.

mod clock;
mod faults;
mod forms;
mod leaks;
pub(crate) mod mail;
mod quiet;
pub(crate) mod receiver;
mod rules;
mod safety;
mod secure_mail;
mod series;
mod targets;

pub(crate) use faults::{
    a_collector_that_is_killed_sends_everything_and_nothing_under_two_identities,
    a_storm_is_a_few_messages_and_one_that_counts_the_rest,
};
pub(crate) use rules::what_broke_is_told_once_and_its_recovery_too;
pub(crate) use targets::{
    a_target_is_set_shown_without_secrets_changed_and_removed,
    what_was_sent_is_in_the_log_and_can_be_sent_again,
};

use serde_json::{Value, json};

use crate::builders::Run;
use crate::harness::{API, Answer, Client, Collector, Setup, eventually};
use receiver::Receiver;

/// The key that encrypts secrets.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// The configuration of most tests: receivers on this machine are allowed, and nothing waits long.
fn config(more: &str) -> String {
    format!(
        "silence_seconds = 2\n[notifications]\nkey = \"{KEY}\"\nallow_networks = [\"127.0.0.1/32\"]\n\
         retry_seconds = 0.05\ndigest_wait_seconds = 1\ntimeout_seconds = 30\n{more}\n"
    )
}

pub(crate) fn collector(more: &str) -> Collector {
    Setup::default().config(&config(more)).start()
}

/// Sets a target.
fn set(client: &Client, name: &str, settings: &Value) -> Answer {
    let path = format!("{API}/notifications/targets/{name}");
    client.send("PUT", &path, &[], settings.to_string().as_bytes())
}

/// Sets a webhook that goes to the receiver, and returns its secret.
fn webhook(client: &Client, receiver: &Receiver, rules: Value) -> String {
    let settings = json!({ "kind": "webhook", "url": receiver.url(), "rules": rules });
    let answer = set(client, "ops", &settings);
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["signing_secret"].as_str().unwrap().to_owned()
}

/// Microseconds since the epoch.
fn now() -> i64 {
    playback::clock::Clock::system().now_us()
}

/// A run of a playbook that starts now, before its end.
fn begun(playbook: &str) -> Run {
    Run::starting(
        now(),
        json!({ "type": "playbook", "playbook": playbook, "inventory": "prod" }),
    )
    .play("web")
    .task("install")
    .host("web-01")
}

/// A run that ends well.
fn good(playbook: &str) -> Run {
    begun(playbook)
        .ok("web-01")
        .recap(&[("web-01", [1, 0, 0, 0, 0])])
        .ended(0)
}

/// A run that fails.
fn bad(playbook: &str) -> Run {
    begun(playbook)
        .failed("web-01")
        .recap(&[("web-01", [0, 0, 0, 1, 0])])
        .ended(2)
}

/// The log of deliveries, the oldest first.
pub(crate) fn log(client: &Client, query: &str) -> Vec<Value> {
    let list = client
        .api(&format!("/notifications/deliveries?limit=1000&{query}"))
        .ok();
    let mut all = list["deliveries"].as_array().unwrap().clone();
    all.reverse();
    all
}

/// Waits until so many deliveries are over, and returns the log.
#[track_caller]
fn delivered(client: &Client, count: usize) -> Vec<Value> {
    eventually("deliveries", || {
        let all = log(client, "");
        let is_over = all.iter().all(|one| one["state"] != "pending");
        (is_over && all.len() >= count).then_some(all)
    })
}
