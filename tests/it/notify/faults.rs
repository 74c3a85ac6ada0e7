//! Targets that are slow or go away; collectors that are killed or several.

use std::collections::{BTreeMap, BTreeSet};

use playback::store::dialect::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::receiver::{Received, Receiver, Reply};
use super::{bad, collector, config, delivered, log, set, webhook};
use crate::harness::{Client, Collector, Setup, eventually};
use crate::servers;

/// The identities under which each run was told.
fn ids(received: &[Received]) -> BTreeMap<String, BTreeSet<String>> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in received {
        let run = one.json()["data"]["run"]["id"].as_str().unwrap().to_owned();
        let id = one.header("webhook-id").to_owned();
        ids.entry(run).or_default().insert(id);
    }
    ids
}

#[test]
fn a_slow_target_holds_up_neither_runs_nor_other_targets() {
    let config = config("").replace("timeout_seconds = 30", "timeout_seconds = 1");
    let collector = Setup::default().config(&config).start();
    let client = collector.client();
    let (slow, quick) = (Receiver::start(), Receiver::start());
    slow.reply(Reply::Never);
    for (name, receiver) in [("slow", &slow), ("quick", &quick)] {
        let rules = json!([{ "on": ["failed"] }]);
        let settings = json!({ "kind": "webhook", "url": receiver.url(), "rules": rules });
        assert_eq!(set(&client, name, &settings).status, 201);
    }
    for _ in 0..10 {
        bad("site.yml").deliver(&client);
    }
    quick.await_requests(10);
    assert!(slow.received().len() < 10, "one at a time");
    let tried = eventually("an attempt that is not answered to end", || {
        let all = log(&client, "target=slow");
        all.into_iter().find(|one| one["attempts"] != 0)
    });
    assert_eq!(tried["state"], "pending", "{tried}");
    let error = tried["error"].as_str().unwrap();
    assert!(error.contains("within 1 s"), "{error}");
    slow.reply(Reply::Status(204));
    let all = delivered(&client, 20);
    assert!(all.iter().all(|one| one["state"] == "delivered"));
    assert_eq!(ids(&slow.received()).len(), 10);
}

#[test]
fn a_target_that_closes_connections_or_is_gone_is_told_later_or_never() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    receiver.reply(Reply::Close);
    bad("site.yml").deliver(&client);
    receiver.await_requests(3);
    let shown = client.api("/notifications/targets/ops").ok();
    assert_eq!(shown["state"], "failing", "{shown}");
    receiver.reply(Reply::Status(204));
    assert_eq!(delivered(&client, 1)[0]["state"], "delivered");
    assert_eq!(client.api("/notifications/targets/ops").ok()["state"], "on");
    // A target that says that it is gone is believed.
    receiver.reply(Reply::Status(410));
    bad("site.yml").deliver(&client);
    let shown = eventually("the target to be switched off", || {
        let shown = client.api("/notifications/targets/ops").ok();
        (shown["state"] == "off").then_some(shown)
    });
    assert!(
        shown["off_reason"].as_str().unwrap().contains("410"),
        "{shown}"
    );
    let trail = client.api("/audit?action=switch_off_target").ok();
    assert_eq!(trail["entries"][0]["object"], "target:ops", "{trail}");
    // Setting it again switches it on.
    receiver.reply(Reply::Status(204));
    set(&client, "ops", &shown["settings"]).ok();
    bad("site.yml").deliver(&client);
    let count = receiver.received().len();
    receiver.await_requests(count + 1);
}

#[test]
fn a_target_of_the_configuration_that_was_switched_off_is_on_after_a_restart() {
    let receiver = Receiver::start();
    let mut collector = collector(&format!(
        "[notifications.targets.ops]\nkind = \"slack\"\nurl = \"{}\"\nrules = [{{ on = [\"failed\"] }}]\n",
        receiver.url()
    ));
    let client = collector.client();
    let state = |client: &Client| client.api("/notifications/targets/ops").ok()["state"].clone();
    receiver.reply(Reply::Status(410));
    bad("site.yml").deliver(&client);
    eventually("the target to be switched off", || {
        (state(&client) == "off").then_some(())
    });
    receiver.reply(Reply::Status(204));
    collector.stop();
    collector.launch();
    assert_eq!(state(&client), "on");
    let count = receiver.received().len();
    bad("site.yml").deliver(&client);
    receiver.await_requests(count + 1);
}

#[test]
pub(crate) fn a_collector_that_is_killed_sends_everything_and_nothing_under_two_identities() {
    let mut collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    // Between sending and noting: the request is there, and no answer comes before the end.
    receiver.reply(Reply::Never);
    bad("site.yml").deliver(&client);
    receiver.await_requests(1);
    collector.kill();
    receiver.reply(Reply::Status(204));
    collector.launch();
    let twice = receiver.await_requests(2);
    assert_eq!(twice[0].header("webhook-id"), twice[1].header("webhook-id"));
    assert_eq!(twice[0].body, twice[1].body);
    delivered(&client, 1);
    // Between the commit and sending: at once after what was acknowledged.
    let kills = 3;
    let mut runs = BTreeSet::new();
    for _ in 0..kills {
        for _ in 0..5 {
            let run = bad("site.yml");
            run.deliver(&client);
            runs.insert(run.id.to_string());
        }
        collector.kill_and_restart();
    }
    let all = eventually("every run to be told", || {
        let told = ids(&receiver.received()[2..]);
        runs.iter()
            .all(|run| told.contains_key(run))
            .then_some(told)
    });
    delivered(&client, 16);
    for (run, ids) in &all {
        assert_eq!(ids.len(), 1, "{run}: {ids:?}");
    }
    let received = receiver.received().len() - 2;
    assert!(
        received <= runs.len() + kills,
        "{received}: each kill repeats one at most"
    );
}

#[test]
pub(crate) fn a_storm_is_a_few_messages_and_one_that_counts_the_rest() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": receiver.url(), "max_per_hour": 2, "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    for _ in 0..20 {
        bad("site.yml").deliver(&client);
    }
    let told = eventually("all events to be told", || {
        let received = receiver.received();
        let told = received.iter().map(|one| match one.kind().as_str() {
            "digest" => one.json()["data"]["digest"]["events"].as_u64().unwrap(),
            _ => 1,
        });
        let told: u64 = told.sum();
        (told == 20).then_some(received)
    });
    let singles = told.iter().filter(|one| one.kind() == "run.failed").count();
    // What is left alone for the last digest is no digest.
    assert!((2..=3).contains(&singles), "{singles}");
    assert!(told.len() <= 6, "{}", told.len());
    assert!(log(&client, "").len() <= 6);
}

#[test]
fn of_two_collectors_one_tells_whichever_took_the_run_in() {
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let mut collectors: [Collector; 2] = std::array::from_fn(|_| {
        let setup = Setup::default().database(database.clone());
        setup.config(&config("")).start()
    });
    let clients = collectors.each_ref().map(Collector::client);
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": receiver.url(), "max_per_hour": 100_000, "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&clients[0], "ops", &settings).status, 201);
    // The other one learns of the target by itself.
    eventually("both to know the target", || {
        bad("probe.yml").deliver(&clients[1]);
        (!receiver.received().is_empty()).then_some(())
    });
    let runs: Vec<_> = (0..20).map(|_| bad("site.yml")).collect();
    for (at, run) in runs.iter().enumerate() {
        run.deliver(&clients[at % 2]);
    }
    let told = |received: &[Received]| -> BTreeMap<String, BTreeSet<String>> {
        let site: Vec<Received> = received
            .iter()
            .filter(|one| one.json()["data"]["run"]["name"] == "site.yml")
            .cloned()
            .collect();
        ids(&site)
    };
    eventually("every run to be told", || {
        (told(&receiver.received()).len() == runs.len()).then_some(())
    });
    delivered(&clients[0], 21);
    let received = receiver.received();
    let of_site = received
        .iter()
        .filter(|one| one.json()["data"]["run"]["name"] == "site.yml");
    assert_eq!(of_site.count(), runs.len(), "each once");
    // One of them is killed, and the other one goes on.
    collectors[0].kill();
    let last = bad("last.yml");
    last.deliver(&clients[1]);
    eventually("the other to take over", || {
        let told = ids(&receiver.received());
        told.contains_key(&last.id.to_string()).then_some(())
    });
}

#[test]
fn a_template_that_fails_or_loops_for_some_runs_alone_spoils_their_messages_alone() {
    let collector = collector("");
    let client = collector.client();
    let (receiver, other) = (Receiver::start(), Receiver::start());
    // Of the example with which a template is tried when it is set, it makes a text.
    let body = "{% if run.name == 'loops.yml' %}{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}\
                {% endfor %}{% endfor %}{% endif %}{% if run.name == 'fails.yml' %}{{ 1 // 0 }}{% endif %}\
                {{ run.name | tojson }}";
    let settings = json!({
        "kind": "template", "url": receiver.url(), "body": body, "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    let settings =
        json!({ "kind": "webhook", "url": other.url(), "rules": [{ "on": ["failed"] }] });
    assert_eq!(set(&client, "other", &settings).status, 201);
    for name in ["loops.yml", "good.yml", "fails.yml"] {
        bad(name).deliver(&client);
    }
    let all = delivered(&client, 6);
    other.await_requests(3);
    let of = |title: &str| {
        let mut found = all
            .iter()
            .filter(|one| one["target"] == "ops" && one["title"].as_str().unwrap().contains(title));
        found.next().unwrap().clone()
    };
    assert_eq!(of("good.yml")["state"], "delivered");
    for (title, says) in [
        ("loops.yml", "too many steps"),
        ("fails.yml", "the template body"),
    ] {
        let failed = of(title);
        assert_eq!(
            (&failed["state"], &failed["attempts"]),
            (&json!("failed"), &json!(1))
        );
        assert!(failed["error"].as_str().unwrap().contains(says), "{failed}");
    }
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, "\"good.yml\"");
    // The template is at fault, and not the target.
    assert_eq!(client.api("/notifications/targets/ops").ok()["state"], "on");
}

#[test]
fn what_was_redacted_is_in_no_message_and_not_in_the_log() {
    let collector = collector("");
    let client = collector.client();
    let receiver = Receiver::start();
    webhook(&client, &receiver, json!([{ "on": ["failed"] }]));
    receiver.reply(Reply::Status(503));
    let run = super::begun("site.yml").result(
        "web-01",
        "failed",
        json!({ "content": { "msg": "the password is hunter2" } }),
    );
    run.ended(2).deliver(&client);
    let first = receiver.await_requests(1).remove(0);
    assert!(first.body.contains("hunter2"));
    let id = first.json()["data"]["run"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{}/executions/{id}/redact", crate::harness::API);
    let rules = json!({ "patterns": ["hunter\\d"] });
    client
        .send("POST", &path, &[], rules.to_string().as_bytes())
        .ok();
    let before = receiver.received().len();
    let later = receiver.await_requests(before + 2);
    let last: &Received = later.last().unwrap();
    assert!(!last.body.contains("hunter2"), "{}", last.body);
    assert_eq!(last.header("webhook-id"), first.header("webhook-id"));
    receiver.reply(Reply::Status(204));
    let all: Vec<Value> = delivered(&client, 1);
    let delivery = all[0]["id"].as_str().unwrap();
    let detail = client
        .api(&format!("/notifications/deliveries/{delivery}"))
        .ok();
    assert!(!detail.to_string().contains("hunter2"), "{detail}");
}

/// What a deleted run said is sent no more, neither in a digest.
#[test]
fn what_was_deleted_is_in_no_digest() {
    let config = config("").replace("digest_wait_seconds = 1", "digest_wait_seconds = 2");
    let config = config.replace("retry_seconds = 0.05", "retry_seconds = 0.01");
    let collector = Setup::default().config(&config).start();
    let client = collector.client();
    let receiver = Receiver::start();
    let settings = json!({
        "kind": "webhook", "url": receiver.url(), "max_per_hour": 1, "rules": [{ "on": ["failed"] }],
    });
    assert_eq!(set(&client, "ops", &settings).status, 201);
    bad("first.yml").deliver(&client);
    receiver.await_requests(1);
    delivered(&client, 1);
    receiver.reply(Reply::Status(503));
    let (gone, kept) = (bad("secret.yml"), bad("kept.yml"));
    gone.deliver(&client);
    kept.deliver(&client);
    let of = |kind: &str| -> Vec<Received> {
        let received = receiver.received().into_iter();
        received.filter(|one| one.kind() == kind).collect()
    };
    let digest = eventually("a digest", || of("digest").pop());
    assert!(digest.body.contains("secret.yml"), "{digest:?}");
    assert_eq!(client.delete(gone.id).status, 204);
    let before = of("digest").len();
    // One may be under way.
    let later = eventually("later attempts", || {
        let mut all = of("digest");
        (all.len() > before + 1).then(|| all.remove(before + 1))
    });
    assert_eq!(later.header("webhook-id"), digest.header("webhook-id"));
    assert!(!later.body.contains("secret.yml"), "{later:?}");
    assert!(later.body.contains("kept.yml"), "{later:?}");
    let shown = log(&client, "").pop().unwrap();
    let id = shown["id"].as_str().unwrap();
    let detail = client.api(&format!("/notifications/deliveries/{id}")).ok();
    assert!(!detail.to_string().contains("secret.yml"), "{detail}");
    // With its last run, it has nothing to say.
    assert_eq!(client.delete(kept.id).status, 204);
    let failed = eventually("the digest to be given up", || {
        log(&client, "state=failed").pop()
    });
    assert!(
        failed["error"]
            .as_str()
            .unwrap()
            .contains("its runs were deleted"),
        "{failed}"
    );
    let trail = client.api("/audit?action=give_up_delivery").ok();
    assert_eq!(
        trail["entries"][0]["object"],
        format!("delivery:{id}"),
        "{trail}"
    );
}
