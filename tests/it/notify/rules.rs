//! Rules of targets: triggers, queries, digests, quiet hours.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::receiver::{Received, Receiver};
use super::{bad, begun, collector, delivered, good, now, set, webhook};
use crate::ansible::newest;
use crate::builders::Run;
use crate::harness::{API, eventually};

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::kind).collect()
}

#[test]
pub(crate) fn what_broke_is_told_once_and_its_recovery_too() {
    let collector = collector("[http]\npublic_url = \"https://playback.example\"");
    let client = collector.client();
    let receiver = Receiver::start();
    let on = json!(["broke", "recovered", "still_broken"]);
    let rules = json!([{ "on": on, "query": "playbook:site.yml", "still_broken_every": 2 }]);
    webhook(&client, &receiver, rules);
    // A playbook that nobody asked about, and the same on another inventory.
    good("other.yml").deliver(&client);
    bad("other.yml").deliver(&client);
    let runs = [
        good("site.yml"),
        bad("site.yml"),
        bad("site.yml"),
        bad("site.yml"),
        good("site.yml"),
        good("site.yml"),
    ];
    for run in &runs {
        run.deliver(&client);
    }
    let received = receiver.await_requests(3);
    delivered(&client, 3);
    assert_eq!(
        kinds(&receiver.received()),
        ["run.broke", "run.still_broken", "run.recovered"]
    );
    let broke = received[0].json();
    assert_eq!(broke["data"]["run"]["id"], json!(runs[1].id));
    let url = format!("https://playback.example/runs/{}", runs[1].id);
    assert_eq!(broke["data"]["run"]["url"], json!(url));
    assert_eq!(broke["data"]["failures"][0]["message"], "no space");
    assert_eq!(broke["data"]["failures"][0]["hosts"], json!(["web-01"]));
    assert!(broke["data"]["failures"][0]["fingerprint"].is_string());
    let recovered = received[2].json();
    assert_eq!(recovered["data"]["broken_since"]["id"], json!(runs[1].id));
    assert_eq!(recovered["data"]["failures_in_row"], 3);
    assert_eq!(recovered["data"]["series"], broke["data"]["series"]);
}

#[test]
fn a_run_is_told_from_its_start_to_its_end_in_that_order() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let on = json!(["started", "finished", "canceled", "lost"]);
    webhook(&client, &receiver, json!([{ "on": on }]));
    let run = good("site.yml");
    run.deliver_range(&client, 0..3);
    receiver.await_requests(1);
    run.deliver_range(&client, 3..run.len());
    let lost = begun("lost.yml");
    lost.deliver(&client);
    let received = receiver.await_requests(4);
    let of = |id: uuid::Uuid| -> Vec<String> {
        let of = received
            .iter()
            .filter(|one| one.json()["data"]["run"]["id"] == json!(id));
        of.map(Received::kind).collect()
    };
    assert_eq!(of(run.id), ["run.started", "run.finished"]);
    assert_eq!(of(lost.id), ["run.started", "run.lost"]);
}

#[test]
fn a_run_that_counted_as_lost_and_succeeds_after_all_recovers() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(
        &client,
        &receiver,
        json!([{ "on": ["broke", "recovered"] }]),
    );
    good("site.yml").deliver(&client);
    let run = good("site.yml");
    run.deliver_range(&client, 0..3);
    assert_eq!(receiver.await_requests(1)[0].kind(), "run.broke");
    run.deliver_range(&client, 3..run.len());
    let received = receiver.await_requests(2);
    assert_eq!(received[1].kind(), "run.recovered");
    assert_eq!(received[1].json()["data"]["run"]["id"], json!(run.id));
    good("site.yml").deliver(&client);
    delivered(&client, 2);
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn a_digest_has_the_errors_of_its_runs() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": receiver.url(), "max_per_hour": 1, "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("first.yml").deliver(&client);
    receiver.await_requests(1);
    let runs = [bad("a.yml"), bad("b.yml")];
    // They end together, so that they are held together.
    for run in &runs {
        run.deliver_range(&client, 0..run.len() - 1);
    }
    for run in &runs {
        run.deliver_range(&client, run.len() - 1..run.len());
    }
    let digest = receiver.await_requests(2)[1].json();
    assert_eq!(digest["type"], "digest");
    let errors = digest["data"]["digest"]["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{digest}");
    assert_eq!(errors[0]["message"], "no space");
    assert_eq!(errors[0]["hosts"], json!(["web-01"]));
    assert!(errors[0]["fingerprint"].is_string());
    assert_eq!(errors[0]["run"], json!(runs[0].id));
    assert_eq!(errors[0]["runs"], 2);
}

#[test]
fn a_run_from_an_old_spool_is_told_on_request_alone() {
    let collector = collector("late_seconds = 60");
    let client = collector.client();
    let (receiver, late) = (Receiver::start(), Receiver::start());
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    let settings = json!({
        "kind": "webhook", "url": late.url(), "rules": [{ "on": ["failed"], "late": true }],
    });
    assert_eq!(set(&client, "late", &settings).status, 201);
    let started = json!({ "type": "playbook", "playbook": "old.yml" });
    let old = Run::starting(now() - 3_600_000_000, started)
        .play("web")
        .task("a");
    old.failed("web-01").ended(2).deliver(&client);
    assert_eq!(late.await_requests(1)[0].kind(), "run.failed");
    bad("new.yml").deliver(&client);
    late.await_requests(2);
    let received = receiver.await_requests(1);
    assert_eq!(received[0].json()["data"]["run"]["name"], "new.yml");
    delivered(&client, 3);
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn check_mode_tells_what_would_change_and_a_host_that_stays_away_is_told_once() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let on = json!(["drift", "unreachable"]);
    webhook(
        &client,
        &receiver,
        json!([{ "on": on, "unreachable_runs": 2 }]),
    );
    let started = |check| json!({ "type": "playbook", "playbook": "site.yml", "check": check });
    let run = |check| Run::starting(now(), started(check)).play("web").task("a");
    let recap = |run: Run, counts| run.recap(&[("web-01", counts)]);
    recap(run(true).ok("web-01"), [1, 0, 0, 0, 0])
        .ended(0)
        .deliver(&client);
    recap(run(false).changed("web-01"), [1, 1, 0, 0, 0])
        .ended(0)
        .deliver(&client);
    recap(run(true).changed("web-01"), [1, 1, 0, 0, 0])
        .ended(0)
        .deliver(&client);
    assert_eq!(receiver.await_requests(1)[0].kind(), "run.drift");
    for _ in 0..3 {
        recap(run(false).unreachable("web-01"), [0, 0, 1, 0, 0])
            .ended(4)
            .deliver(&client);
    }
    let received = receiver.await_requests(2);
    assert_eq!(received[1].kind(), "run.unreachable");
    let hosts = &received[1].json()["data"]["unreachable"];
    assert_eq!(*hosts, json!([{ "host": "web-01", "runs": 2 }]));
    bad("last.yml").deliver(&client);
    delivered(&client, 2);
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn what_is_slower_than_usual_is_told_with_what_is_usual() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["slow"] }]));
    let took = |seconds: f64| {
        let started = json!({ "type": "playbook", "playbook": "site.yml" });
        let begin = now() - (seconds * 1e6) as i64;
        Run::starting(begin, started)
            .play("web")
            .after(seconds)
            .ended(0)
    };
    for at in 0..7 {
        took(60.0 + f64::from(at % 3)).deliver(&client);
    }
    took(120.0).deliver(&client);
    let received = receiver.await_requests(1);
    let usual = received[0].json()["data"]["usual_duration"]
        .as_f64()
        .unwrap();
    assert!((59.0..64.0).contains(&usual), "{usual}");
    assert_eq!(received[0].kind(), "run.slow");
}

#[test]
fn a_playbook_that_does_not_run_is_told_once() {
    let collector = collector("late_seconds = 600000");
    let client = collector.client();
    let receiver = Receiver::start();
    let hour = 3_600_000_000;
    // Every hour until an hour and a quarter ago: the next one is missed in a moment, after the target was set.
    let last = now() - hour - hour / 4 + 3_000_000;
    for at in (0..8).rev() {
        let started = json!({ "type": "playbook", "playbook": "nightly.yml" });
        Run::starting(last - at * hour, started)
            .play("web")
            .ended(0)
            .deliver(&client);
        let started = json!({ "type": "playbook", "playbook": "seldom.yml" });
        Run::starting(last - at * at * 5 * hour, started)
            .play("web")
            .ended(0)
            .deliver(&client);
    }
    webhook(&client, &receiver, json!([{ "on": ["silent"] }]));
    let received = receiver.await_requests(1);
    assert_eq!(received[0].kind(), "playbook.silent");
    let data = &received[0].json()["data"];
    assert_eq!(data["run"]["name"], "nightly.yml");
    assert_eq!(data["title"], "nightly.yml did not run");
    assert!(data["expected_by"].is_string());
    let runs = || {
        let text = client.get("/metrics").text;
        let line = "playback_job_runs_total{job=\"notifications\",outcome=\"idle\"} ";
        let found = text.lines().find_map(|found| found.strip_prefix(line));
        found.map_or(0, |count| count.parse::<u64>().unwrap())
    };
    let before = runs();
    eventually("it to be looked at again", || {
        (runs() > before + 1).then_some(())
    });
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn webhooks_are_verified_by_the_library_of_the_specification() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let first = webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    let rotate = || {
        let path = format!("{API}/notifications/targets/ops/rotate");
        let rotated = client.send("POST", &path, &[], b"").ok();
        rotated["signing_secret"].as_str().unwrap().to_owned()
    };
    bad("naïve 🦀.yml").deliver(&client);
    let one = receiver.await_requests(1).remove(0);
    verify(&one, &first, true);
    verify(
        &one,
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        false,
    );
    let mut forged = one.clone();
    forged.body = forged.body.replace("failed", "passed");
    verify(&forged, &first, false);
    // Both secrets are good from one rotation to the next.
    let second = rotate();
    bad("site.yml").deliver(&client);
    let two = receiver.await_requests(2).remove(1);
    verify(&two, &first, true);
    verify(&two, &second, true);
    let third = rotate();
    bad("site.yml").deliver(&client);
    let three = receiver.await_requests(3).remove(2);
    verify(&three, &first, false);
    verify(&three, &second, true);
    verify(&three, &third, true);
}

/// Lets the specification's own library verify a request.
#[track_caller]
fn verify(request: &Received, secret: &str, is_good: bool) {
    let script = "import json, sys\n\
                  from standardwebhooks import Webhook, WebhookVerificationError\n\
                  given = json.load(sys.stdin)\n\
                  try:\n    Webhook(given['secret']).verify(given['body'], given['headers'])\n\
                  except WebhookVerificationError as error:\n    print(error)\n    sys.exit(3)\n";
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let given = json!({ "secret": secret, "body": request.body, "headers": headers });
    let python = newest().join("python");
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, given.to_string().as_bytes()).unwrap();
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let expected = if is_good { Some(0) } else { Some(3) };
    assert_eq!(done.status.code(), expected, "{done:?}");
}
